import { isBodiless, type AnswerHead } from './answer_head.ts';
import type { TaskRequest } from './asker.ts';

/** How long a task that does not say is trusted to leave an idle connection open. Node's servers do so for 5 s. */
const UNSAID_MS = 4_000;
/** What a task says is shortened by this, for requests on their way. */
const MARGIN_MS = 2_000;
const MOST_MS = 600_000;

/**
 * For how many milliseconds the connection that this answer came over may be idle and then serve another request; undefined: it
 * serves no other.
 */
export function idleTimeAfter(
  { method, last }: TaskRequest,
  { status, length, chunked, persistent, idleTime }: AnswerHead,
): number | undefined {
  if (last || !persistent) return undefined;
  if (isBodiless(method, status)) {
    // A task that frames a body where there can be none may well send one, and later than the next request (A36, A65). In doubt,
    // as after a HEAD whose answer does not say that it has none, nobody waits for it.
    if (chunked || length > 0) return undefined;
    if (length !== 0 && status !== 204 && status !== 304) return undefined;
  } else if (!chunked && length === -1) {
    // The end of the connection is the end of the body.
    return undefined;
  }
  return idleTime === undefined ? UNSAID_MS : Math.min(idleTime - MARGIN_MS, MOST_MS);
}
