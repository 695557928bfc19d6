import { pino } from 'pino';
import { escapeActive } from './hostile_text.ts';

/** LOG_LEVEL, least urgent first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * What a log line may carry: plain named values. Objects are left out on purpose, so that an identity (which holds the user's
 * token), a request or a task's runtime cannot be passed as a whole by mistake: a secret cannot leak from where it cannot stand.
 */
export type LogFields = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

/** The router's log: one JSON line per event. `event` names what happened, in words that do not change. */
export interface Log {
  readonly debug: (fields: LogFields, message: string) => void;
  readonly info: (fields: LogFields, message: string) => void;
  readonly warn: (fields: LogFields, message: string) => void;
  readonly error: (fields: LogFields, message: string) => void;
  /**
   * Writes one line of JSON, line end included, that the caller has made: the access log, which cannot afford more. Written at
   * level `info` and below.
   */
  readonly write: (line: string) => void;
  readonly level: () => LogLevel;
  /** Takes effect with the next line. */
  readonly setLevel: (level: LogLevel) => void;
  /** Resolves when all lines are written, or the reader has not taken them for seconds: before a process ends of itself. */
  readonly written: () => Promise<void>;
}

/** Where lines go: standard output of the process, or a stand-in in tests. */
export interface LogDestination {
  readonly write: (line: string) => void;
  /** Resolves when nothing is held back. */
  readonly written?: () => Promise<void>;
}

/** How much is written at once. */
const BATCH_BYTES = 32 * 1024;
/** How long a line waits for others at the most: longer, and a request waits while they are all written. */
const LONGEST_WAIT_MS = 20;
/** How long the end of a process waits for a reader that takes no lines; less than its own end may take. */
const LONGEST_END_MS = 3_000;

/**
 * Standard output, never waited for: lines are gathered, so that an access log costs little, and a reader that stalls costs
 * lines (beyond 16 MiB) but never a request. They are gathered here, since the library would measure all that waits with every
 * line.
 */
export function standardOutput(): LogDestination {
  const output = pino.destination({
    fd: 1,
    sync: false,
    maxWrite: BATCH_BYTES,
    maxLength: 16 << 20,
  });
  let lines = '';
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing = false;
  output.on('drain', () => (writing = false));
  const handOn = (): void => {
    if (bytes > 0) {
      writing = true;
      output.write(lines);
    }
    lines = '';
    bytes = 0;
    clearTimeout(timer);
    timer = undefined;
  };
  // A process that ends at once. A write that is under way in a thread goes on beside this one, and may come behind or within it.
  process.once('exit', () => {
    handOn();
    output.flushSync();
  });
  return {
    write: (line) => {
      const length = Buffer.byteLength(line);
      if (bytes + length > BATCH_BYTES) handOn();
      timer ??= setTimeout(handOn, LONGEST_WAIT_MS).unref();
      lines += line;
      bytes += length;
    },
    written: async () => {
      handOn();
      if (!writing) return;
      await new Promise<void>((resolve) => {
        output.once('drain', resolve);
        setTimeout(resolve, LONGEST_END_MS);
      });
    },
  };
}

export function createLog(level: LogLevel, destination: LogDestination): Log {
  const escaping: LogDestination = {
    write: (line) => {
      destination.write(escapeActive(line));
    },
  };
  const sink = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    escaping,
  );
  return {
    debug: (fields, message) => sink.debug(fields, message),
    info: (fields, message) => sink.info(fields, message),
    warn: (fields, message) => sink.warn(fields, message),
    error: (fields, message) => sink.error(fields, message),
    write: (line) => {
      if (sink.isLevelEnabled('info')) escaping.write(line);
    },
    level: () => LOG_LEVELS.find((known) => known === sink.level) ?? 'info',
    setLevel: (next) => {
      sink.level = next;
    },
    written: async () => destination.written?.(),
  };
}
