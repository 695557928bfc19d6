import { randomInt } from 'node:crypto';

/** What one case draws its bytes with: the same seed and case give the same bytes, on every machine. */
export class Dice {
  #state: number;

  constructor(seed: number, id: number) {
    this.#state = (Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(id + 1, 0xc2b2ae35)) >>> 0;
  }

  /** 0 to `below` - 1 (mulberry32). */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  /** One time in `of`. */
  once(of: number): boolean {
    return this.below(of) === 0;
  }

  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  /** Between `least` and `most` of what `make` makes. */
  some(least: number, most: number, make: () => string): string {
    let text = '';
    for (let left = least + this.below(most - least + 1); left > 0; left--) text += make();
    return text;
  }
}

/** FUZZ_SEED, or one that nobody has chosen. */
export const SEED = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));

/** FUZZ_CASES, or the short round. */
export function casesOr(few: number): number {
  return Number(process.env['FUZZ_CASES'] ?? few);
}

/** Runs the cases 0 to `cases` - 1, some at once. */
export async function runCases(
  cases: number,
  atOnce: number,
  once: (id: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < cases) await once(next++);
    }),
  );
}

const ODD = [
  '\0',
  '\r',
  '\n',
  '\r\n',
  '\t',
  ' ',
  ':',
  ',',
  ';',
  '\u000b',
  '\u007f',
  '\u0080',
  '\u00ff',
  '0',
  'x',
];

/** One mistake, or one trick: a byte put in, taken away, changed or doubled, a line repeated, an end cut off. */
export function mutate(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1);
  switch (dice.below(7)) {
    case 0:
      return text.slice(0, at) + dice.pick(ODD) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + String.fromCharCode(dice.below(256)) + text.slice(at + 1);
    case 3: {
      const lines = text.split('\r\n');
      const line = dice.below(lines.length);
      return lines.toSpliced(line, 0, dice.pick(lines)).join('\r\n');
    }
    case 4: {
      const end = text.indexOf('\r\n', at);
      return end === -1
        ? text
        : text.slice(0, end) +
            dice.pick(['\n', '\r', '\r\r\n', '\r\n ', ' \r\n']) +
            text.slice(end + 2);
    }
    case 5:
      return text.slice(0, at);
    default: {
      const from = dice.below(text.length + 1);
      return text.slice(0, at) + text.slice(from, from + dice.below(12)) + text.slice(at);
    }
  }
}
