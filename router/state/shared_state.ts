import { setTimeout as wait } from 'node:timers/promises';
import type * as z from 'zod';
import { RouterError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { createFreshReads } from './fresh_reads.ts';
import { SectionChanges } from './section_changes.ts';
import type { StateObject, StateText } from './state_object.ts';

/** What a section holds, and how much of it there may be. */
export interface SectionShape<T> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
  /** What a section holds that was never written. */
  readonly empty: T;
  /** Of its JSON; a Kubernetes object holds 1 MiB, all sections together. */
  readonly mostBytes: number;
}

/** One named part of the state, written by every replica. */
export interface Section<T> {
  /** @throws RouterError STATE_UNAVAILABLE when the place cannot be reached, or holds what it should not. */
  readonly read: () => Promise<T>;
  /**
   * Reads, changes, writes, again where another replica wrote meanwhile, so `change` may be called several times. Undefined from
   * it writes nothing. Resolves with what stands then. Changes that come while one is written are written together after it: those of
   * one process never stand in each other's way, however many one user makes.
   *
   * @throws RouterError STATE_UNAVAILABLE when nothing was written, STATE_FULL where it would be more than `mostBytes`.
   */
  readonly update: (change: (now: T) => T | undefined) => Promise<T>;
  /** Calls the listener with what is known at once, and with each change that this replica learns of: its own, and those of others within LOOK_EVERY_MS. */
  readonly follow: (listener: (now: T) => void) => void;
}

/**
 * What the replicas of one router have to know of each other and must not forget when they restart: little, without secrets, and
 * bounded. It lives in one object, a ConfigMap beside the Lease or STATE_FILE.
 */
export interface SharedState {
  readonly section: <T>(shape: SectionShape<T>) => Section<T>;
  /** Resolves when the first look is over, whatever came of it. */
  readonly looked: Promise<void>;
  /** Why the last look failed; undefined while looks succeed. */
  readonly problem: () => string | undefined;
  readonly close: () => void;
}

/** How late this replica learns what another one wrote, at the most. Milliseconds. */
export const LOOK_EVERY_MS = 4_000;
const WRITES_TRIED = 20;

/** A section that somebody follows: what it held when it was read last. */
interface Followed {
  readonly name: string;
  readonly take: (text: string | undefined) => void;
  known: string | undefined;
}

export function createSharedState(object: StateObject, log: Log): SharedState {
  const followed = new Set<Followed>();
  let problem: string | undefined;
  let looking: Promise<void> | undefined;
  let writes = 0;
  let last = Promise.resolve();

  /** Returns what kept a section from being read: the others count all the same. */
  const tell = (texts: StateText['texts']): Error | undefined => {
    let failure: Error | undefined;
    for (const one of followed) {
      const text = texts.get(one.name);
      if (text === one.known) continue;
      try {
        one.take(text);
        one.known = text;
      } catch (error) {
        failure = error as Error;
      }
    }
    return failure;
  };

  const readAll = createFreshReads(async (): Promise<StateText> => {
    try {
      return await object.read();
    } catch (error) {
      throw unavailable(error);
    }
  });
  const inTurn = (commit: () => Promise<void>): void => {
    last = last.then(commit);
  };

  const lookOnce = async (): Promise<void> => {
    const began = writes;
    try {
      const { texts } = await readAll();
      // What was read before a write of our own is older than what is known.
      const failure = began === writes ? tell(texts) : undefined;
      if (failure !== undefined) throw failure;
      if (problem !== undefined) log.info({ event: 'state_read' }, 'The state is read again');
      problem = undefined;
    } catch (error) {
      const { message } = error as Error;
      if (message !== problem) log.warn({ event: 'state_unavailable' }, message);
      problem = message;
    }
  };
  const look = (): Promise<void> => {
    looking ??= lookOnce().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  const section = <T>({ name, schema, empty, mostBytes }: SectionShape<T>): Section<T> => {
    let read: { readonly text: string; readonly value: T } | undefined;
    const parse = (text: string | undefined): T => {
      if (text === undefined || text.trim() === '') return empty;
      // Of many who ask at a time, one has it read.
      if (read?.text === text) return read.value;
      try {
        read = { text, value: schema.parse(JSON.parse(text)) };
        return read.value;
      } catch (error) {
        throw unavailable(error, `the section ${name} of the state cannot be read`);
      }
    };
    const changes = new SectionChanges<T>({ name, mostBytes });
    const commit = async (): Promise<void> => {
      const carried = changes.take(() => inTurn(commit));
      try {
        for (let tried = 0; tried < WRITES_TRIED; tried += 1) {
          const before = await readAll();
          const stands = before.texts.get(name);
          const { text, settle } = changes.apply(carried, stands, parse(stands));
          if (text === undefined) return settle();
          const written = await object.write(before, name, text).catch((error: unknown) => {
            throw unavailable(error);
          });
          if (written) {
            writes += 1;
            tell(new Map(before.texts).set(name, text));
            return settle();
          }
          await wait(10 + Math.random() * 40);
        }
        throw new RouterError('STATE_UNAVAILABLE', `${name} was written by others all the time`);
      } catch (error) {
        for (const { reject } of carried) reject(error);
      }
    };
    return {
      read: async () => parse((await readAll()).texts.get(name)),
      update: (change) => changes.add(change, () => inTurn(commit)),
      follow: (listener) => {
        followed.add({ name, take: (text) => listener(parse(text)), known: undefined });
        listener(empty);
      },
    };
  };

  const timer = setInterval(() => void look(), LOOK_EVERY_MS).unref();
  return {
    section,
    // After those who follow have said so, in this same turn.
    looked: Promise.resolve().then(look),
    problem: () => problem,
    close: () => {
      clearInterval(timer);
      object.close?.();
    },
  };
}

function unavailable(cause: unknown, what = 'the state that replicas share'): RouterError {
  return new RouterError('STATE_UNAVAILABLE', `${what}: ${(cause as Error).message}`, { cause });
}
