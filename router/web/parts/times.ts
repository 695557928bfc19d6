import { html, type Html } from './html.ts';

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

function distanceText(distance: number): string {
  const length = roughly(Math.abs(distance));
  if (distance > 0) return `in ${length ?? 'less than a minute'}`;
  return length === undefined ? 'just now' : `${length} ago`;
}

/** How long ago, or how far ahead; the exact time is in the element, and for people in its title. */
export function when(instant: string, now: number): Html {
  const text = distanceText(Date.parse(instant) - now);
  const exact = `${instant.slice(0, 16).replace('T', ' ')} UTC`;
  return html`<time datetime="${instant}" title="${exact}">${text}</time>`;
}

/** Milliseconds since the epoch as answers write them; null for never. */
export function instant(milliseconds: number): string | null {
  return milliseconds > 0 ? new Date(milliseconds).toISOString() : null;
}
