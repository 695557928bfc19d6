import { BadAnswer } from './failure.ts';

/** RFC 9110 section 5.6.2: the characters of a field name, by their code. */
const TOKEN = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
  TOKEN[character.charCodeAt(0)] = 1;
  TOKEN[character.toUpperCase().charCodeAt(0)] = 1;
}

function isToken(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (TOKEN[text.charCodeAt(index)] !== 1) return false;
  }
  return text.length > 0;
}

/** RFC 9110 section 5.5: visible characters, blanks, tabs and bytes above ASCII; no NUL, no bare CR or LF, no other control. */
function isFieldValue(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return false;
  }
  return true;
}

/** Header lines of one message. Nobody sends as many, and each of them costs more than its few bytes. */
export const MOST_FIELDS = 256;

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * Reads the header lines of a task's answer, or its trailers (RFC 9112 section 5), from `start` to the end of `text`: a name, a
 * colon and a value each, parted by CRLF, without the empty line at their end. Names and values come as they were sent, name,
 * value, name, value …, without the blanks around a value. Whatever two readers could take for two things is refused: blanks
 * before the colon, folded lines, control characters, lines without a name (A34).
 *
 * @param text one character per byte (latin1).
 * @throws BadAnswer
 */
export function readFields(text: string, start: number): string[] {
  const fields: string[] = [];
  for (let at = start; at < text.length;) {
    const lineEnd = text.indexOf('\r\n', at);
    const end = lineEnd === -1 ? text.length : lineEnd;
    const colon = text.indexOf(':', at);
    if (colon === -1 || colon >= end) throw new BadAnswer('a header line without a colon');
    const name = text.slice(at, colon);
    if (!isToken(name)) throw new BadAnswer('a header name that is none');
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    const value = text.slice(from, to);
    if (!isFieldValue(value)) throw new BadAnswer('a control character in a header');
    if (fields.length === 2 * MOST_FIELDS) throw new BadAnswer('too many header lines');
    fields.push(name, value);
    at = end + 2;
  }
  return fields;
}

/** Elements of a Connection header: nobody needs more than a few, and each is held against every other header. */
export const MOST_NOMINATED = 64;

/** Adds the names in a Connection header, in lower case. False when there are more than anybody needs. */
export function nominate(value: string, names: Set<string>): boolean {
  let elements = 0;
  for (let from = 0; from <= value.length; elements++) {
    if (elements === MOST_NOMINATED) return false;
    const comma = value.indexOf(',', from);
    const to = comma === -1 ? value.length : comma;
    const name = value.slice(from, to).trim().toLowerCase();
    if (name !== '') names.add(name);
    from = to + 1;
  }
  return names.size <= MOST_NOMINATED;
}
