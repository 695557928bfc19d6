/** From this share on that is taken, room is left for those who have little … */
const CROWDED = 3 / 4;
/** … which is less than this share of all. */
const LITTLE = 1 / 32;

/**
 * Whether one more finds room in what all share, so that nobody can take it from all others.
 *
 * @param most that there is room for.
 * @param taken by all together.
 * @param own how many of those are of the one who comes; asked only where it matters.
 */
export function findsRoom(most: number, taken: number, own: () => number): boolean {
  if (taken < most * CROWDED) return true;
  return taken < most && own() < most * LITTLE;
}
