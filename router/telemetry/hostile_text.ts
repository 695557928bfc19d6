/** Longest piece of a client's or a task's own text that a log line repeats, in UTF-16 units. */
const LONGEST = 256;

/** The beginning of a text that a client or a task chose: as much of it as belongs into a log line (A53). */
export function excerpt(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/**
 * What JSON leaves unescaped and a terminal or an editor acts on: DEL and the C1 controls (U+009B starts a terminal escape as
 * ESC [ does), line separators, and the marks that turn the direction of writing.
 */
const ACTIVE = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
const EACH_ACTIVE = new RegExp(ACTIVE, 'g');

/** A line of JSON in which every such character is written as an escape: the same value, harmless to look at (A53). */
export function escapeActive(json: string): string {
  if (!ACTIVE.test(json)) return json;
  return json.replace(
    EACH_ACTIVE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
