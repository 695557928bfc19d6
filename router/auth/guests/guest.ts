/**
 * Somebody without an account whom a link lets in. A guest is no user: there is no ClearML token to ask anything with, and nothing of
 * the router takes a guest where it takes an Identity.
 */
export interface Guest {
  /** The id of the link's record: the session holds only as long as that lets guests in. */
  readonly linkId: string;
  /** As the guest typed it; the router says of it that it is a guest's wherever it shows it. */
  readonly name: string;
  /** What logs and limits know them by, all guests of one link together. */
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** How many characters the name of a guest has at the most. */
export const LONGEST_GUEST_NAME = 64;

/** What must not stand in a name that others read: controls, half a character, other lines, and what turns the direction of writing. */
const UNREADABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;

/** The name that somebody typed, without the white space around it; undefined where it is none. */
export function readGuestName(typed: string): string | undefined {
  const name = typed.trim();
  const { length } = Array.from(name);
  return length === 0 || length > LONGEST_GUEST_NAME || UNREADABLE.test(name) ? undefined : name;
}

/** What a guest is called wherever somebody reads it, so that nobody takes them for a user of that name. */
export function markedName(name: string): string {
  return `${name} (guest)`;
}
