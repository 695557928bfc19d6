import { distanceText, lengthText } from '../../pages/in_words.ts';
import { html, type Html } from './html.ts';

/** How long it has lasted. */
export function durationText(since: string, now: number): string {
  return lengthText(now - Date.parse(since));
}

/** How long ago, or how far ahead, where no element can stand. */
export function inWords(instant: string, now: number): string {
  return distanceText(Date.parse(instant) - now);
}

function exactText(instant: string): string {
  return `${instant.slice(0, 16).replace('T', ' ')} UTC`;
}

/** When it was, by the clock; with the date where that was longer ago than half a day. */
export function clockTime(instant: string, now: number): Html {
  const exact = exactText(instant);
  const recent = now - Date.parse(instant) < 43_200_000;
  const text = recent ? exact.slice(exact.indexOf(' ') + 1) : exact;
  return html`<time datetime="${instant}" title="${exact}">${text}</time>`;
}

/** How long ago, or how far ahead; the exact time is in the element, and for people in its title. */
export function when(instant: string, now: number): Html {
  const text = inWords(instant, now);
  return html`<time datetime="${instant}" title="${exactText(instant)}">${text}</time>`;
}

/** Milliseconds since the epoch as answers write them; null for never. */
export function instant(milliseconds: number): string | null {
  return milliseconds > 0 ? new Date(milliseconds).toISOString() : null;
}
