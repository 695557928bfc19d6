/** Far above any ClearML token (about 600 characters), far below what could cost time (A20). A session of it fits its cookies. */
export const LONGEST_TOKEN = 8192;

/**
 * Three base64url segments, the last of them the 32 bytes of an HS256 signature in their one canonical spelling: the last
 * of its 43 characters carries only four bits. jose is more lenient (it takes `token=` and `token `), and a token that has
 * several spellings slips past whatever is kept by its text (A22). The segments exclude the dot, so nothing backtracks.
 */
const GRAMMAR = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Whether a text can be a ClearML token at all. Everything that reads tokens asks this first. */
export function isTokenShaped(text: string): boolean {
  return text.length <= LONGEST_TOKEN && GRAMMAR.test(text);
}

/** Tells endpoint tokens from all others at first sight, for the gate as for scanners that look for leaked secrets. */
export const ENDPOINT_TOKEN_PREFIX = 'ttr_';

/** The same of device tokens. */
export const DEVICE_TOKEN_PREFIX = 'ttd_';
