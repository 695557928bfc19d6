import { mayBeTrailer } from './response_headers.ts';

/**
 * The trailers of a task's answer as the client gets them: those that may come after the body, and that would not have been cut
 * from the head (A74). `nominated`: names that the head's Connection keeps from the client, lower case.
 */
export function trailersForClient(
  raw: readonly string[],
  nominated: ReadonlySet<string> | undefined,
): [string, string][] {
  const trailers: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (!mayBeTrailer(name) || nominated?.has(name.toLowerCase()) === true) continue;
    trailers.push([name, raw[index + 1] ?? '']);
  }
  return trailers;
}
