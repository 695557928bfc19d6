import { randomBytes } from 'node:crypto';

/** Browsers drop a cookie whose name and value, or all of whose line, are over 4,096 bytes (RFC 6265, section 6.1). */
const LONGEST_PIECE = 3_800;
/** Enough for the longest token that is taken; all of them fit the 32 KiB that the head of a request may have. */
const MOST_PIECES = 3;

/** A tag that the pieces of one session share, how many they are, and the text of this one. */
const PIECE = /^([A-Za-z0-9_-]{8}\.[2-9])\.([A-Za-z0-9_.-]+)$/;

/** Names of the cookies that a session too long for one is split over, by their number. */
export function pieceNames(session: string): readonly string[] {
  return Array.from({ length: MOST_PIECES }, (_, index) => `${session}_${index + 1}`);
}

/** The cookies of a session, by name: one, or its pieces. Undefined where it is too long for them all. */
export function splitSession(session: string, text: string): Map<string, string> | undefined {
  if (text.length <= LONGEST_PIECE) return new Map([[session, text]]);
  const count = Math.ceil(text.length / LONGEST_PIECE);
  if (count > MOST_PIECES) return undefined;
  const tag = `${randomBytes(6).toString('base64url')}.${count}`;
  const names = pieceNames(session).slice(0, count);
  return new Map(
    names.map((name, index) => {
      const start = index * LONGEST_PIECE;
      return [name, `${tag}.${text.slice(start, start + LONGEST_PIECE)}`];
    }),
  );
}

/** One cookie of a split session, as it came: the index of its name, and its value. */
export type Piece = readonly [index: number, value: string];

/**
 * The sessions whose pieces are all there. Pieces of two sessions never make one: they differ in their tag, and what is sealed
 * opens as a whole or not at all.
 */
export function joinSessions(pieces: readonly Piece[]): string[] {
  const byTag = new Map<string, string[]>();
  for (const [index, value] of pieces) {
    const [, tag, text] = PIECE.exec(value) ?? [];
    if (tag === undefined || text === undefined) continue;
    const parts = byTag.get(tag) ?? [];
    parts[index] ??= text;
    byTag.set(tag, parts);
  }
  return Array.from(byTag, ([tag, parts]) => {
    const count = Number(tag.slice(-1));
    return Object.keys(parts).length === count && parts.length === count ? parts.join('') : '';
  }).filter((text) => text !== '');
}
