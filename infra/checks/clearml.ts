import { rootCertificates } from 'node:tls';

import { base64url, jwtVerify } from 'jose';
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
  data: z.looseObject({ token: z.string().optional() }).optional(),
});

/** What the checks ask a ClearML server, by its own API. */
export interface ClearmlServer {
  /** Logs in as the router does; answers with the token. */
  readonly logIn: () => Promise<string>;
  /** Lists tasks; fails where the token may not. */
  readonly listTasks: (token: string) => Promise<void>;
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
      const { token } = await call(`${account.api}/auth.login`, `Basic ${basic}`, {}, dispatcher);
      if (token === undefined) throw new Error('the login was answered without a token');
      return token;
    },
    listTasks: async (token) => {
      const query = { page: 0, page_size: 1, only_fields: ['id'] };
      await call(`${account.api}/tasks.get_all_ex`, `Bearer ${token}`, query, dispatcher);
    },
  };
}

async function call(
  url: string,
  authorization: string,
  body: object,
  dispatcher: Dispatcher,
): Promise<{ readonly token?: string | undefined }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
    dispatcher,
  });
  const { data, success } = envelope.safeParse(await response.json().catch(() => undefined));
  if (response.ok && success && data.data !== undefined) return data.data;
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
