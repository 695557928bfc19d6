import type { Socket } from 'node:net';

/** What Node's own `remoteAddress` asks, and remembers the answer of. */
interface Held {
  readonly _handle: { readonly getpeername: (address: object) => number } | null;
}

/**
 * Whether the other end of a connection is gone: reset, or silent to the kernel's keep-alive. Node hears of it only where it reads
 * or writes, and so never where a client has ended its side, or is not read because its task does not keep up. A connection that
 * is given up has no peer any more (getpeername(2): ENOTCONN). One that both sides have ended in order has none either, and may hold
 * bytes that are still to be read: where this side is ended, it is never said to be gone. Not to be asked of one that is being made.
 */
export function isGone(socket: Socket): boolean {
  if (socket.writableEnded) return false;
  const { _handle: handle } = socket as unknown as Held;
  return handle !== null && handle.getpeername({}) !== 0;
}

/** All are looked at in so many steps, since thousands at once would hold up the event loop. */
const STEPS = 30;

/** Between two looks at one connection, unless something else is said. */
const PERIOD_MS = 30_000;

/**
 * Calls `look` for each of `all` once in about `period` milliseconds, and more often where they are few, some at a time, until the
 * timer is cleared.
 */
export function lookAround<Open>(
  all: ReadonlyMap<Open, unknown>,
  look: (one: Open) => void,
  period = PERIOD_MS,
): NodeJS.Timeout {
  let ahead = all.keys();
  const step = (): void => {
    // An iterator keeps the entries that V8's table had when it last moved, those that have ended since too.
    if (all.size === 0) ahead = all.keys();
    for (let count = Math.ceil(all.size / STEPS); count > 0; count--) {
      const next = ahead.next();
      if (next.done === true) {
        ahead = all.keys();
        return;
      }
      look(next.value);
    }
  };
  return setInterval(step, period / STEPS).unref();
}
