/** Tells of one open session, every few seconds, whether it was used since the last time. */
export interface Meter {
  /** @param now milliseconds. */
  readonly used: (now: number) => boolean;
}

/** How often a session is looked at. */
export const SWEEP_EVERY_MS = 5_000;

/** A request that somebody made is a use until it has its answer. */
export const WHILE_OPEN: Meter = { used: () => true };

/**
 * What a TCP connection carries by itself, both ways: ssh with ServerAliveInterval asks and answers in some 140 bytes, every five
 * seconds at the most.
 */
const KEEP_ALIVE_BYTES = 256;

/** A session that is used while more moves on it than keeps it alive. @param bytes carried so far, both ways. */
export function byteMeter(bytes: () => number): Meter {
  let seen = 0;
  let lookedAt: number | undefined;
  return {
    used: (now) => {
      const moved = bytes() - seen;
      if (moved === 0) {
        lookedAt = now;
        return false;
      }
      seen += moved;
      const looks = Math.max(1, (now - (lookedAt ?? now)) / SWEEP_EVERY_MS);
      lookedAt = now;
      return moved > looks * KEEP_ALIVE_BYTES;
    },
  };
}

/** Data frames that a client has sent so far. */
export interface SentFrames {
  readonly dataFrames: number;
  /** Of their payloads. */
  readonly dataBytes: number;
}

/** Most that an app's own heartbeat is made of, in one look. */
const HEARTBEAT = { frames: 2, bytes: 256 };
/** How far two pauses between heartbeats may differ: a look each way, and what timers are late. */
const HEARTBEAT_TOLERANCE_MS = 1.5 * SWEEP_EVERY_MS;

/**
 * A WebSocket that is used while its client sends data. Pings and pongs are none; and where little comes at a steady pace, that is an
 * app's own heartbeat from its third time on.
 */
export function frameMeter(sent: SentFrames): Meter {
  let frames = 0;
  let bytes = 0;
  let beatAt: number | undefined;
  let pause: number | undefined;
  return {
    used: (now) => {
      const newFrames = sent.dataFrames - frames;
      const newBytes = sent.dataBytes - bytes;
      if (newFrames === 0) return false;
      frames += newFrames;
      bytes += newBytes;
      if (newFrames > HEARTBEAT.frames || newBytes > HEARTBEAT.bytes) return true;
      const before = pause;
      pause = beatAt === undefined ? undefined : now - beatAt;
      beatAt = now;
      const steady =
        before !== undefined &&
        pause !== undefined &&
        Math.abs(pause - before) <= HEARTBEAT_TOLERANCE_MS;
      return !steady;
    },
  };
}
