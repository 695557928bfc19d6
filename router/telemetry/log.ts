import { pino } from 'pino';

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
  readonly level: () => LogLevel;
  /** Takes effect with the next line. */
  readonly setLevel: (level: LogLevel) => void;
  /** True when `debug` lines are written; for lines that are costly to make. */
  readonly debugging: () => boolean;
}

/** Where lines go: standard output of the process, or a stand-in in tests. */
export interface LogDestination {
  readonly write: (line: string) => void;
}

/** Lines go to standard output unless `destination` is given. */
export function createLog(level: LogLevel, destination?: LogDestination): Log {
  const sink = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ fd: 1, sync: true }),
  );
  return {
    debug: (fields, message) => sink.debug(fields, message),
    info: (fields, message) => sink.info(fields, message),
    warn: (fields, message) => sink.warn(fields, message),
    error: (fields, message) => sink.error(fields, message),
    level: () => LOG_LEVELS.find((known) => known === sink.level) ?? 'info',
    setLevel: (next) => {
      sink.level = next;
    },
    debugging: () => sink.isLevelEnabled('debug'),
  };
}
