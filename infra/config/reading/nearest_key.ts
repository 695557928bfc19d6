/** Number of single-character edits (insert, delete, replace, swap of neighbours) between two words. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + cost);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, at(i - 2, j - 2) + 1);
      row.push(best);
    }
  }
  return at(a.length, b.length);
}

/**
 * The known key that the reader most likely meant: the beginning of it, equal but for case and separators, or one letter or a
 * third of its letters away at most; undefined when nothing is near.
 */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  const plain = (key: string): string => key.toLowerCase().replaceAll(/[-_.]/g, '');
  const wanted = plain(unknown);
  const completed = known.find((key) => wanted.length >= 4 && plain(key).startsWith(wanted));
  if (completed !== undefined) return completed;
  let nearest: string | undefined;
  let smallest = Math.max(1, Math.floor(unknown.length / 3)) + 1;
  for (const key of known) {
    const distance = editDistance(wanted, plain(key));
    if (distance < smallest) {
      smallest = distance;
      nearest = key;
    }
  }
  return nearest;
}
