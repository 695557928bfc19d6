import * as z from 'zod';
import { isDeviceToken, type EndpointTokenRecord } from '../../auth/endpoint_tokens/store.ts';
import type { Known } from '../../auth/gate/viewer.ts';
import type { Answer } from '../../pages/answer.ts';
import type { OwnRequest } from '../../pages/own_pages.ts';
import { VERSION } from '../../version.ts';
import type { User } from '../acts/user.ts';
import { NO_SIGN_IN } from '../asking/answers.ts';
import { DEVICES_OFF } from '../device/answers.ts';
import type { EndpointTokenActs } from '../endpoint_tokens/acts.ts';
import { named } from '../parts/named.ts';
import type { PageAnswer } from '../parts/reply.ts';
import type { SshLogin } from '../device/ssh_login.ts';
import type { Operation } from './api.ts';
import { json } from './json_answer.ts';

/** What the operations of devices act through. */
export interface DeviceOperationParts {
  /** Undefined where endpoint tokens are off, and device tokens with them. */
  readonly tokens: EndpointTokenActs | undefined;
  readonly ssh: SshLogin;
}

const router = z.string().meta({ description: 'Version of the router.' });

/** Who asks, and until when they may. */
export const SESSION = z
  .strictObject({
    user: z.strictObject({ id: z.string(), name: z.string() }),
    label: z.string().nullable().meta({ description: 'Of the device token, where one was sent.' }),
    expires_at: z.iso.datetime(),
    router,
  })
  .meta({ id: 'Session' });

const DEVICE_TOKEN = z
  .strictObject({
    id: z.string(),
    label: z.string().meta({ description: 'What the computer calls itself.' }),
    user: z.string().meta({ description: 'Id of the user whose it is.' }),
    created: z.iso.datetime(),
    last_used: z.iso.datetime().nullable().meta({ description: 'To within an hour.' }),
    expires: z.iso.datetime(),
    this: z.boolean().meta({ description: 'Whether it is the one that was sent.' }),
  })
  .meta({ id: 'DeviceToken' });

export const DEVICE_TOKENS = z
  .strictObject({ device_tokens: z.array(DEVICE_TOKEN), router })
  .meta({ id: 'DeviceTokens' });

/** How one signs in at the ssh server of a task. */
export const SSH_LOGIN = z
  .strictObject({ user: z.string().optional(), password: z.string().optional(), router })
  .meta({ id: 'SshLogin' });

const NO_DEVICE_TOKEN: Answer = {
  status: 403,
  code: 'no-device-token',
  title: 'No device token was sent',
  detail: 'This revokes the device token that it is sent with, and another one came.',
  advice: 'Sign out on the page of the router, or revoke other tokens by their id.',
};

/** What a computer asks that has signed in, and what its user sees and revokes. */
export function deviceOperations({ tokens, ssh }: DeviceOperationParts): Operation[] {
  const withTokens =
    (
      act: (
        acts: EndpointTokenActs,
        user: User,
        request: OwnRequest,
        id: string,
      ) => Promise<PageAnswer | Answer>,
    ) =>
    async (request: OwnRequest, known: Known, id: string): Promise<PageAnswer | Answer> => {
      const { identity } = known;
      if (tokens === undefined || identity === undefined) return DEVICES_OFF;
      return act(tokens, { ...known, identity }, request, id);
    };
  return [
    {
      method: 'GET',
      path: '/api/v1/session',
      answer: async (_request, { identity }) => {
        if (identity === undefined) return NO_SIGN_IN;
        const { recordId, expiresAt } = identity;
        const record = recordId === undefined ? undefined : tokens?.get(recordId);
        return json(200, {
          user: named(identity),
          label: record?.label ?? null,
          expires_at: new Date(expiresAt).toISOString(),
          router: VERSION,
        });
      },
    },
    {
      method: 'DELETE',
      path: '/api/v1/session',
      answer: withTokens(async (acts, user) => {
        const { recordId } = user.identity;
        if (user.credential !== 'device-token' || recordId === undefined) return NO_DEVICE_TOKEN;
        return (await acts.revoke(user, recordId)) ?? { status: 204, body: undefined };
      }),
    },
    {
      method: 'GET',
      path: '/api/v1/device-tokens',
      answer: withTokens(async (acts, user, { query }) => {
        const all = ['1', 'true'].includes(new URLSearchParams(query).get('all') ?? '');
        const records = await acts.list(user, all);
        if ('status' in records) return records;
        const devices = records.filter(isDeviceToken);
        const { recordId } = user.identity;
        return json(200, {
          device_tokens: devices.map((record) => deviceTokenJson(record, recordId)),
          router: VERSION,
        });
      }),
    },
    {
      method: 'DELETE',
      path: '/api/v1/device-tokens/{id}',
      answer: withTokens(async (acts, user, _request, id) => {
        return (await acts.revoke(user, id, isDeviceToken)) ?? { status: 204, body: undefined };
      }),
    },
    {
      method: 'GET',
      path: '/api/v1/endpoints/{id}/ssh',
      answer: async (_request, known, id) => {
        const login = await ssh.of(known, id);
        return 'keys' in login ? json(200, { ...login.keys, router: VERSION }) : login;
      },
    },
  ];
}

function deviceTokenJson(record: EndpointTokenRecord, presented: string | undefined) {
  const { id, label, userId, createdAt, lastUsedAt, expiresAt } = record;
  return {
    id,
    label,
    user: userId,
    created: new Date(createdAt).toISOString(),
    last_used: lastUsedAt === undefined ? null : new Date(lastUsedAt).toISOString(),
    expires: new Date(expiresAt).toISOString(),
    this: id === presented,
  };
}
