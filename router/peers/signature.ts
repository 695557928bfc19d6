import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** How far the clocks of two replicas may differ, with the time that a question is under way. Milliseconds. */
export const CLOCK_TOLERANCE_MS = 30_000;

/** A question on its way to another replica. */
export interface SignedQuestion {
  /** Good for one question; its answer is signed together with it. */
  readonly nonce: string;
  /** Of the header `Authorization`. */
  readonly authorization: string;
}

/** A question that a replica of this router has asked. */
export interface GenuineQuestion {
  readonly nonce: string;
  /** The key that it was signed with, which its asker knows for certain. */
  readonly key: Uint8Array;
}

const AUTHORIZATION = /^Replica (\d{13})\.([\w-]{22})\.([\w-]{43})$/;
const NONCE_BYTES = 16;

/** @param target path and query, which are signed with it: nobody makes another question of this one. */
export function signQuestion(
  key: Uint8Array,
  target: string,
  now: number = Date.now(),
): SignedQuestion {
  const nonce = randomBytes(NONCE_BYTES).toString('base64url');
  const mac = macOfQuestion(key, target, String(now), nonce).toString('base64url');
  return { nonce, authorization: `Replica ${now}.${nonce}.${mac}` };
}

/**
 * Undefined for a question that no holder of these keys asked, or not within CLOCK_TOLERANCE_MS. Whether it was asked before is the
 * caller's to know, by its nonce.
 */
export function readQuestion(
  keys: readonly Uint8Array[],
  target: string,
  authorization: string | undefined,
  now: number = Date.now(),
): GenuineQuestion | undefined {
  const [, time, nonce, mac] = AUTHORIZATION.exec(authorization ?? '') ?? [];
  if (time === undefined || nonce === undefined || mac === undefined) return undefined;
  if (Math.abs(now - Number(time)) > CLOCK_TOLERANCE_MS) return undefined;
  const given = Buffer.from(mac, 'base64url');
  const key = keys.find((one) => timingSafeEqual(macOfQuestion(one, target, time, nonce), given));
  return key && { nonce, key };
}

/** Signs an answer together with the nonce of its question: it answers no other one. */
export function signAnswer({ nonce, key }: GenuineQuestion, body: Uint8Array): string {
  return macOfAnswer(key, nonce, body).toString('base64url');
}

/** Whether an answer comes from a holder of this key, whom this was asked. */
export function isAnswerTo(
  { nonce, key }: GenuineQuestion,
  body: Uint8Array,
  signature: unknown,
): boolean {
  const expected = macOfAnswer(key, nonce, body);
  const given = Buffer.from(typeof signature === 'string' ? signature : '', 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function macOfQuestion(key: Uint8Array, target: string, time: string, nonce: string): Buffer {
  return createHmac('sha256', key).update(`question\n${target}\n${time}\n${nonce}`).digest();
}

function macOfAnswer(key: Uint8Array, nonce: string, body: Uint8Array): Buffer {
  return createHmac('sha256', key).update(`answer\n${nonce}\n`).update(body).digest();
}
