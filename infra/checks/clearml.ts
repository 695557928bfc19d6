import { rootCertificates } from 'node:tls';

import { base64url, decodeJwt, jwtVerify } from 'jose';
import { Agent, fetch, type Dispatcher } from 'undici';
import { z } from 'zod';

/** The account of the router on a ClearML server. */
export interface Account {
  /** URL of the API server. */
  readonly api: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

/** How the server's certificate is judged. */
export interface Trust {
  readonly verify: boolean;
  /** Further CA certificates, PEM. */
  readonly ca: string | undefined;
}

const envelope = z.looseObject({
  meta: z.looseObject({ result_msg: z.string().optional() }).optional(),
  data: z.unknown(),
});

const login = z.looseObject({ token: z.string() });
const claims = z.looseObject({ identity: z.looseObject({ user: z.string() }) });

/** A reference comes as an object from `tasks.get_all_ex`, but for what is empty. */
const reference = z.union([z.looseObject({ id: z.string().nullish() }), z.string()]).nullish();
const taskList = z.looseObject({
  tasks: z.array(z.looseObject({ id: z.string(), user: reference, company: reference })),
});

/** What the account sees of the server's newest tasks. */
export interface TasksSeen {
  readonly seen: number;
  /** Ids of those that belong to other users of the same company. */
  readonly ofOthers: readonly string[];
}

/** What the checks ask a ClearML server, by its own API. */
export interface ClearmlServer {
  /** Logs in as the router does; answers with the token. */
  readonly logIn: () => Promise<string>;
  /** The newest tasks; fails where the token may list none. */
  readonly tasks: (token: string) => Promise<TasksSeen>;
  /**
   * Edits a task without a field to change. The server looks at the right to write first, finds nothing to write then, and
   * leaves the task and its `last_change` as they are.
   */
  readonly editNothing: (token: string, task: string) => Promise<void>;
}

/** A ClearML server, asked with the router's account. Errors carry the server's own message. */
export function clearmlServer(account: Account, trust: Trust): ClearmlServer {
  const dispatcher = new Agent({
    connect: {
      rejectUnauthorized: trust.verify,
      ...(trust.ca === undefined ? {} : { ca: [...rootCertificates, trust.ca] }),
    },
  });
  const basic = Buffer.from(`${account.accessKey}:${account.secretKey}`).toString('base64');
  return {
    logIn: async () => {
      const answer = await call(`${account.api}/auth.login`, `Basic ${basic}`, {}, dispatcher);
      const { data } = login.safeParse(answer);
      if (data === undefined) throw new Error('the login was answered without a token');
      return data.token;
    },
    tasks: async (token) => {
      const query = {
        page: 0,
        page_size: 500,
        order_by: ['-last_update'],
        only_fields: ['id', 'user', 'company'],
      };
      const { tasks } = taskList.parse(
        await call(`${account.api}/tasks.get_all_ex`, `Bearer ${token}`, query, dispatcher),
      );
      const own = claims.safeParse(decodeJwt(token)).data?.identity.user;
      // Public tasks, such as the examples of the open-source server, have no company, and nobody may edit them.
      const ofOthers = tasks.filter(
        ({ company, user }) => idOf(company) !== '' && ![own, ''].includes(idOf(user)),
      );
      return { seen: tasks.length, ofOthers: ofOthers.map(({ id }) => id) };
    },
    editNothing: async (token, task) => {
      const body = { task, force: true };
      await call(`${account.api}/tasks.edit`, `Bearer ${token}`, body, dispatcher);
    },
  };
}

function idOf(value: z.output<typeof reference>): string {
  return typeof value === 'string' ? value : (value?.id ?? '');
}

async function call(
  url: string,
  authorization: string,
  body: object,
  dispatcher: Dispatcher,
): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
    dispatcher,
  });
  const { data, success } = envelope.safeParse(await response.json().catch(() => undefined));
  if (response.ok && success) return data.data;
  const meaning = data?.meta?.result_msg ?? 'no answer of a ClearML API server';
  throw new Error(`${response.status} ${meaning}`);
}

/** Whether one of the keys (several are separated by white space) signed the token, in either of its encodings. */
export async function isSignedBy(token: string, keys: string): Promise<boolean> {
  for (const key of keys.split(/\s+/).filter((text) => text !== '')) {
    for (const bytes of [Buffer.from(key), decoded(key)]) {
      if (bytes.length === 0) continue;
      const verified = await jwtVerify(token, bytes, { algorithms: ['HS256'] }).catch(
        () => undefined,
      );
      if (verified !== undefined) return true;
    }
  }
  return false;
}

function decoded(key: string): Uint8Array {
  try {
    return base64url.decode(key);
  } catch {
    return new Uint8Array();
  }
}
