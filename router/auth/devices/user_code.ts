import { randomInt } from 'node:crypto';

/**
 * RFC 8628, section 6.1: consonants alone, so that no words come of it, none of them taken for another. Eight of 20 letters are
 * 34.5 bits: hopeless to guess for users who may try ten codes a minute, within the ten minutes that one holds.
 */
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const HALF = 4;
const SPELLING = new RegExp(`^[${LETTERS}]{${2 * HALF}}$`);
/** As somebody may type it: with spaces and dashes. */
const LONGEST_TYPED = 32;

/** A short code that a computer shows and its user types, such as `BCDF-GHJK`. */
export type UserCode = string;

export function newUserCode(): UserCode {
  const letters = Array.from({ length: 2 * HALF }, () => LETTERS[randomInt(LETTERS.length)]);
  return spelled(letters.join(''));
}

/** What somebody typed, in its one spelling; undefined where it can be no code. */
export function readUserCode(typed: string): UserCode | undefined {
  if (typed.length > LONGEST_TYPED) return undefined;
  const letters = typed.toUpperCase().replace(/[\s-]/g, '');
  return SPELLING.test(letters) ? spelled(letters) : undefined;
}

function spelled(letters: string): UserCode {
  return `${letters.slice(0, HALF)}-${letters.slice(HALF)}`;
}
