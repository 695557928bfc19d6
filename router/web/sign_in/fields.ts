import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { parseJson } from '../../grammar/json.ts';

/** What was sent to sign in with. */
export interface SignInFields {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly next: string | undefined;
  readonly state: string | undefined;
  /** Sent as JSON, by a program: it is answered in JSON. */
  readonly json: boolean;
}

/** A colon would move the border between user name and password in HTTP Basic (RFC 7617, section 2). */
const key = z.string().trim().min(1).max(512);
const FIELDS = z.object({
  access_key: key.refine((text) => !text.includes(':')),
  secret_key: key,
  next: z.string().max(4096).optional(),
  state: z.string().max(64).optional(),
});

/** Undefined where the body is neither the form nor its JSON twin, or lacks a key. */
export function readSignInFields(message: IncomingMessage, body: string): SignInFields | undefined {
  const json = (message.headers['content-type'] ?? '').startsWith('application/json');
  const parsed = FIELDS.safeParse(
    json ? parseJson(body) : Object.fromEntries(new URLSearchParams(body)),
  );
  if (!parsed.success) return undefined;
  const { access_key: accessKey, secret_key: secretKey, next, state } = parsed.data;
  return { accessKey, secretKey, next, state, json };
}
