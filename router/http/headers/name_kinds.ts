import { ownCopy } from '../../own_copy.ts';

/** What is remembered of names that peers choose: no more of them, and none longer. Headers that anybody uses are shorter. */
const MOST_NAMES = 1_024;
const LONGEST_NAME = 64;

/**
 * Tells the kind of a header by its name, in any case, and remembers it by the spelling: a busy router sees the same few over and
 * over. When a flood of made-up names has filled the memory, it begins anew, so that nobody can take it away from the others.
 */
export function rememberKinds<Kind>(classify: (lower: string) => Kind): (name: string) => Kind {
  const seen = new Map<string, Kind>();
  return (name) => {
    const known = seen.get(name);
    if (known !== undefined) return known;
    const kind = classify(name.toLowerCase());
    if (name.length <= LONGEST_NAME) {
      if (seen.size >= MOST_NAMES) seen.clear();
      seen.set(ownCopy(name), kind);
    }
    return kind;
  };
}
