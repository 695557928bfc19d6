import type { AnswerHead } from './answer_head.ts';

/** Informational answers to one request that go on to its client; what comes after them is dropped. */
const MOST_PASSED = 1_000;
/** Informational answers to one request, and their bytes, that are read at all. */
const MOST_READ = 10_000;
const MOST_BYTES = 256 * 1024;

/**
 * What becomes of an informational answer, on plain requests and upgrades alike. What a client is not known to understand is
 * dropped, and never an error: an unasked 100 too (RFC 9110 section 15.2). Refused is 101 to whoever asked for no other protocol
 * (A32), and a task that says nothing else (A54).
 *
 * @param count how many came to this request, this one included.
 * @param bytes of all of them; 0 where nobody counts.
 */
export function interimFate(
  status: number,
  count: number,
  bytes: number,
): 'passed' | 'dropped' | 'refused' {
  if (status === 101 || count > MOST_READ || bytes > MOST_BYTES) return 'refused';
  return (status === 102 || status === 103) && count <= MOST_PASSED ? 'passed' : 'dropped';
}

/** An informational answer as its client gets it, one character per byte: of 103 its links alone. Undefined: nothing is left. */
export function interimText({ status, headers }: AnswerHead): string | undefined {
  if (status === 102) return 'HTTP/1.1 102 Processing\r\n\r\n';
  let links = '';
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === 'link') links += `Link: ${headers[index + 1]}\r\n`;
  }
  return links === '' ? undefined : `HTTP/1.1 103 Early Hints\r\n${links}\r\n`;
}
