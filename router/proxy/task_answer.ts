/** RFC 9112 section 4: the reason phrase is text; what Node or a pooling proxy would stumble over is no answer (A33). */
export function isReason(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09) || code > 0x7e) return false;
  }
  return true;
}

/** undici hands the raw header lines out as buffers; bytes are kept as they are (latin1 is one to one). */
export function linesOf(raw: unknown): string[] {
  const lines = (raw ?? []) as readonly (Buffer | string)[];
  const texts: string[] = [];
  for (const line of lines) texts.push(typeof line === 'string' ? line : line.toString('latin1'));
  return texts;
}
