const UNITS = [
  { name: 'day', milliseconds: 86_400_000 },
  { name: 'hour', milliseconds: 3_600_000 },
  { name: 'min', milliseconds: 60_000 },
] as const;

/** Undefined for less than a minute. */
function roughly(milliseconds: number): string | undefined {
  const unit = UNITS.find((one) => milliseconds >= one.milliseconds);
  if (unit === undefined) return undefined;
  const count = Math.floor(milliseconds / unit.milliseconds);
  return `${count} ${unit.name}${count === 1 || unit.name === 'min' ? '' : 's'}`;
}

/** How far ahead a moment is, or how long ago. @param distance milliseconds from now; below 0 for what is past. */
export function distanceText(distance: number): string {
  // To the nearest minute: what was just made for a week ends in 7 days.
  if (distance > 0) return `in ${roughly(distance + 30_000) ?? 'less than a minute'}`;
  const length = roughly(-distance);
  return length === undefined ? 'just now' : `${length} ago`;
}

/** How long something has lasted. @param length milliseconds. */
export function lengthText(length: number): string {
  return roughly(length) ?? 'less than a minute';
}
