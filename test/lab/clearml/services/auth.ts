import { randomBytes } from 'node:crypto';
import { apiError } from '../api_error.ts';
import { optionalText, text, type Call, type Server, type Service } from '../call.ts';
import { identityOf } from '../authentication/authentication.ts';
import type { Account } from '../state.ts';

const MAX_EXPIRATION_SECONDS = 31_536_000;

function accountOf(call: Call, server: Server): Account {
  const { user, company } = call.caller.identity;
  const account = server.state.account(user);
  if (account === undefined) throw apiError('invalid_user_id', undefined, { id: user, company });
  return account;
}

/** Seconds until a fresh token of this account expires; undefined for a `system` role that asked for no limit. */
function lifetime(call: Call, account: Account, server: Server): number | undefined {
  const asked = call.data['expiration_sec'];
  if (typeof asked === 'number' && asked > MAX_EXPIRATION_SECONDS) {
    throw apiError('validation_error', `'${asked}' is higher than maximum`);
  }
  if (typeof asked === 'number' && asked !== 0) return asked;
  return account.role === 'system' ? undefined : server.options.tokenSeconds;
}

export const auth: Service = {
  'auth.login': {
    async handle(call, server) {
      const account = accountOf(call, server);
      const seconds = lifetime(call, account, server);
      const token = await server.tokens.sign(identityOf(account, server), seconds);
      call.setCookie(token);
      return { token };
    },
  },
  'auth.logout': {
    minVersion: '2.2',
    handle(call, server) {
      const session = call.caller.token?.session_id;
      if (session !== undefined) server.state.revokeSession(session);
      call.setCookie(null);
      return {};
    },
  },
  'auth.create_credentials': {
    handle(call, server) {
      const account = accountOf(call, server);
      const label = optionalText(call.data, 'label');
      const created = {
        accessKey: randomBytes(15).toString('hex').toUpperCase(),
        secretKey: randomBytes(36).toString('base64url'),
        ...(label === undefined ? {} : { label }),
      };
      server.state.putAccount({ ...account, credentials: [...account.credentials, created] });
      return {
        credentials: {
          access_key: created.accessKey,
          secret_key: created.secretKey,
          label: label ?? null,
        },
      };
    },
  },
  'auth.get_credentials': {
    handle(call, server) {
      return {
        credentials: accountOf(call, server).credentials.map(({ accessKey, label }) => ({
          access_key: accessKey,
          label: label ?? null,
          last_used: null,
          last_used_from: null,
        })),
      };
    },
  },
  'auth.revoke_credentials': {
    handle(call, server) {
      const account = accountOf(call, server);
      const accessKey = text(call.data, 'access_key');
      const kept = account.credentials.filter((credentials) => credentials.accessKey !== accessKey);
      if (kept.length === account.credentials.length) {
        throw apiError('invalid_user', 'invalid user or invalid access key');
      }
      server.state.putAccount({ ...account, credentials: kept });
      return { revoked: 1 };
    },
  },
};
