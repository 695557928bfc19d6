/** The server's time, which tests may stop and move. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Stops the clock at a time (milliseconds since the epoch). */
  set(milliseconds: number): void;
  /** Moves it on, stopped or running. */
  advance(milliseconds: number): void;
  /** Lets it run with the machine's time again. */
  reset(): void;
}

export function createClock(): Clock {
  let stopped: number | undefined;
  let offset = 0;
  return {
    now: () => stopped ?? Date.now() + offset,
    set(milliseconds) {
      stopped = milliseconds;
    },
    advance(milliseconds) {
      if (stopped === undefined) offset += milliseconds;
      else stopped += milliseconds;
    },
    reset() {
      stopped = undefined;
      offset = 0;
    },
  };
}

/** A time as the server writes it: microseconds, which are left out at a full second, and the offset of UTC. */
export function timestamp(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString();
  const fraction = text.slice(20, 23);
  return fraction === '000' ? `${text.slice(0, 19)}+00:00` : `${text.slice(0, 23)}000+00:00`;
}

const ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i;
const DATE_ONLY = /^\d{4}-\d\d-\d\d$/;

/** Reads a time of a query; one without a zone is UTC. Undefined where it is none. */
export function parseTime(text: string): string | undefined {
  const trimmed = text.trim();
  const zoned = ZONE.test(trimmed) || DATE_ONLY.test(trimmed) ? trimmed : `${trimmed}Z`;
  const milliseconds = Date.parse(zoned);
  return Number.isNaN(milliseconds) ? undefined : timestamp(milliseconds);
}
