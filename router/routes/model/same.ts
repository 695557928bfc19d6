/** Whether two maps of texts say the same. */
export function sameTexts(
  a: ReadonlyMap<string, string>,
  b: ReadonlyMap<string, string> | undefined,
): boolean {
  if (a === b) return true;
  if (a.size !== b?.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

/** Whether two sets hold the same texts. */
export function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((text) => b.has(text));
}
