import type { Answer } from '../../pages/answer.ts';

/** A wish that cannot be read, or of which nothing can come. */
export function badRequest(detail: string): Answer {
  return { status: 400, code: 'bad-request', title: 'Bad request', detail };
}

/** Somebody did something too often: there is one again in so many seconds. */
export function rateLimited(
  seconds: number,
  detail: string,
  title = 'Too many at a time',
  advice = 'Wait a moment before the next one.',
): Answer {
  const headers = ['Retry-After', String(seconds)];
  return { status: 429, code: 'rate-limited', title, detail, advice, headers };
}

/** What the router needs for it does not answer now. */
export function unavailable(
  title: string,
  detail: string,
  advice = 'Try again in a moment; if it lasts, look at the log of the router.',
): Answer {
  const headers = ['Retry-After', '5'];
  return { status: 503, code: 'unavailable', title, detail, advice, headers };
}
