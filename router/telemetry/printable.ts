/** Longest piece of a client's or a task's own text that a log line repeats. */
const LONGEST = 256;

/**
 * Hostile text made fit for a log line: cut at 256 characters, control characters escaped. JSON escapes only those below U+0020;
 * DEL, the C1 controls (U+009B starts a terminal escape as ESC [ does), the line separators and the characters that turn the
 * direction of writing would still reach the terminal of whoever reads the log (A53).
 */
export function printable(text: string): string {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return short.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
