import { BY_USER } from '../parts/page_assets.ts';
import type { PageAnswer } from '../parts/reply.ts';

/** An answer of an operation, which differs from user to user. */
export function json(status: number, value: unknown): PageAnswer {
  return { status, headers: BY_USER, body: { json: value } };
}
