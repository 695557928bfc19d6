import { callApi, type Answer } from '../client.ts';
import { isDocument } from '../document.ts';
import type { ClearMl } from '../server.ts';

/** Status and subcode, the two that programs go by: `400/14`. */
export function code({ status, subcode }: Pick<Answer, 'status' | 'subcode'>): string {
  return `${status}/${subcode}`;
}

/** Names of the fields of an answer, sorted. */
export function keys(value: unknown): readonly string[] {
  return isDocument(value) ? Object.keys(value).toSorted() : [];
}

/** A request as its bytes are: GET, or POST with a body that need not be JSON. */
export async function raw(
  clearml: ClearMl,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
) {
  const response = await fetch(
    `${clearml.url}/${path}`,
    body === undefined ? { headers } : { method: 'POST', headers, body },
  );
  const { meta, data } = (await response.json()) as {
    meta: { result_subcode: number; result_msg: string };
    data: unknown;
  };
  const answer = { status: response.status, subcode: meta.result_subcode };
  return { response, code: code(answer), message: meta.result_msg, data };
}

/** A login with these very bytes as `name:secret`; the answer and its cookies. */
export function loginWith(
  clearml: ClearMl,
  pair: Uint8Array | string,
  seconds?: number,
): Promise<Answer> {
  const basic = `Basic ${Buffer.from(pair).toString('base64')}`;
  const data = seconds === undefined ? {} : { expiration_sec: seconds };
  return callApi(clearml.url, 'auth.login', data, basic);
}
