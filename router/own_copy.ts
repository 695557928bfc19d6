/** Shorter pieces of a text are copied by V8 itself. */
const SHORTEST_SLICE = 13;

/**
 * The same text in memory of its own, for what outlives the request that it came with: V8 keeps the whole of a text for as long as
 * a slice of it is kept, so that a name of twenty bytes would hold a head of 64 KiB.
 */
export function ownCopy(text: string): string {
  return text.length < SHORTEST_SLICE ? text : Buffer.from(text, 'utf8').toString('utf8');
}
