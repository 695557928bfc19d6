import { z } from 'zod';
import { isDocument, type Document } from './document.ts';
import type { Credentials } from './records.ts';
import { ids, type SeedUserName } from './seed.ts';
import type { ClearMl, TokenOptions } from './server.ts';

/** An answer of the API, with what tests look at. */
export interface Answer {
  readonly status: number;
  readonly subcode: number;
  readonly message: string;
  readonly data: Document;
  /** Raw `Set-Cookie` headers. */
  readonly cookies: readonly string[];
}

const envelopeSchema = z.object({
  meta: z.object({ result_subcode: z.number(), result_msg: z.string() }),
  data: z.unknown(),
});

/** Makes an API call; `authorization` is the whole header. */
export async function callApi(
  url: string,
  name: string,
  data: Document = {},
  authorization?: string,
): Promise<Answer> {
  const response = await fetch(`${url}/${name}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body: JSON.stringify(data),
  });
  const body = envelopeSchema.parse(await response.json());
  return {
    status: response.status,
    subcode: body.meta.result_subcode,
    message: body.meta.result_msg,
    data: isDocument(body.data) ? body.data : {},
    cookies: response.headers.getSetCookie(),
  };
}

/** Signs in with access key and secret (or user name and password) and gives the token. */
export async function login(url: string, { accessKey, secretKey }: Credentials): Promise<string> {
  const basic = Buffer.from(`${accessKey}:${secretKey}`).toString('base64');
  const answer = await callApi(url, 'auth.login', {}, `Basic ${basic}`);
  const { token } = answer.data;
  if (answer.status !== 200 || typeof token !== 'string') {
    throw new Error(`The login at ${url} failed: ${answer.message}`);
  }
  return token;
}

/** A token of a user of the default seed, without a call. */
export async function userToken(
  clearml: ClearMl,
  user: SeedUserName,
  options?: TokenOptions,
): Promise<string> {
  return clearml.token(ids[user], options);
}
