import { isIPv6 } from 'node:net';
import { askBounded } from '../bounded_question.ts';
import { parseJson } from '../grammar/json.ts';
import { isAnswerTo, signQuestion } from './signature.ts';
import { MOST_ANSWER_BYTES, SIGNATURE_HEADER, TOLD, TOLD_PATH, type Told } from './told.ts';

/** What came of a question: the answer, or the end of a sentence on why there is none. */
export type Asked = { readonly told: Told } | { readonly problem: string };

/** Whom is asked what. */
export interface Question {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** Newest first; while a secret is rotated the other replica may not have the newest yet. */
  readonly keys: readonly Uint8Array[];
  readonly volume: string | undefined;
  readonly since: number;
  /** Milliseconds that it may take. */
  readonly deadline?: number;
}

const DEADLINE_MS = 2_000;
const MOST_HEADER_BYTES = 8 * 1024;

/** Asks one replica what it saw. Whoever answers without the key, another question, or too much, has not answered. */
export async function ask(question: Question): Promise<Asked> {
  const { volume = '', since, keys, deadline = DEADLINE_MS } = question;
  const target = `${TOLD_PATH}?volume=${volume}&since=${since}`;
  const signal = AbortSignal.timeout(deadline);
  try {
    for (const key of keys) {
      const asked = await askWith(key, question, target, signal);
      if (asked !== undefined) return asked;
    }
  } catch (error) {
    if (signal.aborted) return { problem: `no answer within ${deadline / 1000} s` };
    const { code, message } = error as NodeJS.ErrnoException;
    return { problem: `it cannot be reached: ${code ?? message}` };
  }
  return {
    problem:
      'it refuses the question: its ROUTER_SECRET is another, or its clock differs by more than 30 s',
  };
}

/** Undefined where this key is refused. */
async function askWith(
  key: Uint8Array,
  { address, port }: Question,
  target: string,
  signal: AbortSignal,
): Promise<Asked | undefined> {
  const { nonce, authorization } = signQuestion(key, target);
  const { status, headers, body } = await askBounded({
    upstream: { address, port, family: isIPv6(address) ? 6 : 4 },
    path: target,
    headers: { accept: 'application/json', authorization },
    mostHeaderBytes: MOST_HEADER_BYTES,
    mostBytes: MOST_ANSWER_BYTES,
    signal,
  });
  if (status === 401) return undefined;
  if (status === 404) return { problem: 'its version does not know the question' };
  if (status !== 200) return { problem: `it answers with ${status}` };
  if (body === undefined) return { problem: `it tells more than ${MOST_ANSWER_BYTES} bytes` };
  if (!isAnswerTo({ nonce, key }, body, headers[SIGNATURE_HEADER])) {
    return { problem: 'its answer is not signed with ROUTER_SECRET' };
  }
  const told = TOLD.safeParse(parseJson(body.toString()));
  return told.success ? { told: told.data } : { problem: 'its version answers in another form' };
}
