import type { IncomingHttpHeaders } from 'node:http';
import { apiError } from '../api_error.ts';
import type { Caller, Server } from '../call.ts';
import type { Account } from '../state.ts';
import type { TokenIdentity } from './tokens.ts';

/** Who a request comes from. The header goes before the cookie. Throws the server's 401s. */
export async function authenticate(headers: IncomingHttpHeaders, server: Server): Promise<Caller> {
  const authorization = headers.authorization || bearerOfCookie(headers.cookie, server);
  if (authorization === undefined) throw apiError('no_credentials');
  const space = authorization.indexOf(' ');
  const type = space < 0 ? authorization : authorization.slice(0, space);
  const value = space < 0 ? '' : authorization.slice(space + 1);
  if (type === 'Bearer') return byToken(value, server);
  if (type === 'Basic') return byCredentials(value, server);
  throw apiError('bad_auth_type');
}

function bearerOfCookie(cookie: string | undefined, server: Server): string | undefined {
  const prefix = `${server.options.cookieName}=`;
  const found = cookie
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(prefix));
  return found === undefined || found.length === prefix.length
    ? undefined
    : `Bearer ${found.slice(prefix.length)}`;
}

async function byToken(token: string, server: Server): Promise<Caller> {
  const claims = await server.tokens.verify(token);
  if (server.state.isRevoked(claims.session_id)) throw apiError('invalid_token', 'revoked token');
  if (server.options.verifyUserTokens && server.state.account(claims.identity.user) === undefined) {
    throw apiError('invalid_credentials', 'failed to locate provided user');
  }
  return { identity: claims.identity, token: claims };
}

function byCredentials(encoded: string, server: Server): Caller {
  if (encoded.replace(/[^A-Za-z0-9+/=]/g, '').length % 4 !== 0) {
    throw apiError('bad_credentials', 'Incorrect padding');
  }
  const decoded = Buffer.from(encoded, 'base64').toString('latin1');
  const colon = decoded.indexOf(':');
  const name = colon < 0 ? decoded : decoded.slice(0, colon);
  const secret = colon < 0 ? '' : decoded.slice(colon + 1);
  const fixed = server.options.fixedUsers ? fixedUser(name, server) : undefined;
  if (fixed !== undefined) {
    // The server decodes Basic as Latin-1, whatever the client meant.
    if (fixed.password !== secret) {
      throw apiError('invalid_credentials', 'bad username or password');
    }
    return { identity: identityOf(fixed, server), token: undefined };
  }
  const account = server.state.accountOfAccessKey(name);
  const matches = account?.credentials.some(
    ({ accessKey, secretKey }) => accessKey === name && secretKey === secret,
  );
  if (account === undefined || matches !== true) {
    throw apiError('invalid_credentials', 'failed to locate provided credentials');
  }
  return { identity: identityOf(account, server), token: undefined };
}

function fixedUser(username: string, server: Server): Account | undefined {
  for (const account of server.state.accounts()) {
    if (account.username === username && account.password !== undefined) return account;
  }
  return undefined;
}

/** Fixed users are people with a password from the server's own settings; none of them is ever an administrator. */
function isFixed({ password }: Account, { options }: Server): boolean {
  return options.fixedUsers && password !== undefined;
}

/** The identity that goes into a user's tokens. */
export function identityOf(account: Account, server: Server): TokenIdentity {
  const company = server.state.companies.get(account.user.company);
  if (company === undefined) throw apiError('invalid_credentials', 'invalid user company');
  return {
    user: account.user.id,
    company: account.user.company,
    role: isFixed(account, server) ? 'user' : account.role,
    user_name: account.user.name,
    company_name: company.name,
  };
}
