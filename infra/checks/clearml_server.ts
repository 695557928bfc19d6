import { base64url, decodeJwt, jwtVerify } from 'jose';
import { z } from 'zod';

import { readApiAnswer } from '../../router/clearml/api_answer.ts';
import { logIn } from '../../router/clearml/login.ts';
import { createTransport } from '../../router/clearml/transport.ts';
import { ANSWER_TIME_LIMIT_MS } from './check.ts';

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

const claims = z.looseObject({ identity: z.looseObject({ user: z.string() }) });

/** A reference comes as an object from `tasks.get_all_ex`, but for what is empty. */
const reference = z.union([z.looseObject({ id: z.string().nullish() }), z.string()]).nullish();
const taskList = z.looseObject({
  tasks: z.array(z.looseObject({ id: z.string(), user: reference, company: reference })),
});

/** `auth.fixed_users_mode`: without fixed users, the web app of the open-source server asks for a name alone. */
const fixedUsersMode = z.looseObject({ enabled: z.boolean() });

/** What the account sees of the server's newest tasks. */
interface TasksSeen {
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
  /** Whether an open-source server knows its users by passwords. One with sign-in by others, such as an enterprise server, says no, too. */
  readonly asksForPasswords: (token: string) => Promise<boolean>;
}

/**
 * A ClearML server, asked with the router's account and by the router's own client: what a check says of a login holds for the
 * router. Errors carry the server's own message.
 */
export function clearmlServer({ accessKey, api, secretKey }: Account, trust: Trust): ClearmlServer {
  const transport = createTransport({
    apiHost: api,
    sslVerify: trust.verify,
    ca: trust.ca,
    timeout: ANSWER_TIME_LIMIT_MS,
    // The proxy that this machine needs is not the one of the pods.
    environment: {},
  });
  const call = async <S extends z.ZodType>(
    token: string,
    name: string,
    body: object,
    schema: S,
  ): Promise<z.output<S>> =>
    readApiAnswer(
      name,
      await transport.post(name, `Bearer ${token}`, JSON.stringify(body)),
      schema,
    );
  return {
    logIn: async () => (await logIn(transport, accessKey, secretKey)).token,
    tasks: async (token) => {
      const query = {
        page: 0,
        page_size: 500,
        order_by: ['-last_update'],
        only_fields: ['id', 'user', 'company'],
      };
      const { tasks } = await call(token, 'tasks.get_all_ex', query, taskList);
      const own = claims.safeParse(decodeJwt(token)).data?.identity.user;
      // Public tasks, such as the examples of the open-source server, have no company, and nobody may edit them.
      const ofOthers = tasks.filter(
        ({ company, user }) => idOf(company) !== '' && ![own, ''].includes(idOf(user)),
      );
      return { seen: tasks.length, ofOthers: ofOthers.map(({ id }) => id) };
    },
    editNothing: async (token, task) => {
      await call(token, 'tasks.edit', { task, force: true }, z.unknown());
    },
    asksForPasswords: async (token) =>
      (await call(token, 'auth.fixed_users_mode', {}, fixedUsersMode)).enabled,
  };
}

function idOf(value: z.output<typeof reference>): string {
  return typeof value === 'string' ? value : (value?.id ?? '');
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
