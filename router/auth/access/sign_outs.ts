import * as z from 'zod';
import { RouterError } from '../../errors.ts';
import { SECTION_BYTES } from '../../state/section_bytes.ts';
import type { Section, SectionShape } from '../../state/shared_state.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Identity } from '../identity/identity.ts';

/** What one user has signed out of, as far as those tokens would still hold. Seconds since the epoch. */
const SIGNED_OUT_USER = z.object({
  user: z.string(),
  /** Ends of single tokens, each by the beginning of its hash: nothing here opens anything. */
  tokens: z.record(z.string(), z.number()),
  /** All tokens that were issued at or before a moment, until none of those that it stands for would hold any more. */
  all: z.object({ issuedUntil: z.number(), ends: z.number() }).optional(),
});

type SignedOutUser = Readonly<z.infer<typeof SIGNED_OUT_USER>>;
type Users = readonly SignedOutUser[];

const MOST_BYTES = SECTION_BYTES['sign-outs'];
/** A user who signs out of more than this, before their tokens end, is signed out of all that were issued until then. */
const TOKENS_PER_USER = 64;
/** 128 bits of SHA-256, base64url. */
const KEY_LENGTH = 22;
/** Users who wait to be written; beyond that the bound in bytes holds for them, too. */
const MOST_PENDING = 8_192;
const RETRY_AFTER_MS = 4_000;

export const SIGN_OUTS: SectionShape<Users> = {
  name: 'sign-outs',
  schema: z.array(SIGNED_OUT_USER),
  empty: [],
  mostBytes: MOST_BYTES,
};

/**
 * Who signed out, told to every replica of the router and kept over restarts, for as long as their tokens would hold: ClearML
 * itself may go on taking them (the open-source server's `auth.logout` revokes nothing). Where it grows too large, it comes to stand
 * for more tokens than were signed out, never for fewer.
 */
export class SignOuts {
  readonly #section: Section<Users> | undefined;
  readonly #now: () => number;
  readonly #log: Log;
  #loading: Promise<void> | undefined;
  /** Of the store, and what is not written there yet, by user. */
  #shared: ReadonlyMap<string, SignedOutUser> = new Map();
  #pending = new Map<string, SignedOutUser>();
  #flushing: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<() => void>();

  /**
   * @param section undefined where there is no place for it; then it holds in this process alone.
   * @param looked resolves when the section was read, or could not be.
   */
  constructor(
    section: Section<Users> | undefined,
    looked: Promise<void> | undefined,
    now: () => number,
    log: Log,
  ) {
    this.#section = section;
    this.#now = now;
    this.#log = log;
    this.#loading = looked?.then(() => {
      this.#loading = undefined;
      return undefined;
    });
    section?.follow((users) => {
      this.#shared = byUser(users);
      this.#changed();
    });
  }

  /** Until it resolves, nobody can say who signed out before this process started. Undefined from then on. */
  get loading(): Promise<void> | undefined {
    return this.#loading;
  }

  has(identity: Identity): boolean {
    return stands(this.#shared, identity) || stands(this.#pending, identity);
  }

  /** Holds here at once. Resolves when the other replicas can know it, or when that was tried in vain and is tried on. */
  async add(identity: Identity): Promise<void> {
    if (this.has(identity)) return;
    const { userId: user, tokenKey, expiresAt } = identity;
    const tokens = { [tokenKey.slice(0, KEY_LENGTH)]: Math.ceil(expiresAt / 1000) };
    const now = Math.floor(this.#now() / 1000);
    const known = this.#pending.get(user);
    const next = { user, tokens };
    this.#pending.set(user, bounded(known === undefined ? next : joined(known, next), now));
    if (this.#pending.size > MOST_PENDING) {
      this.#pending = byUser(fitting([...this.#pending.values()], now));
    }
    this.#changed();
    await this.#flush();
  }

  /** Called after each change, of this replica and of the others. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    clearTimeout(this.#retry);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** One write at a time, of all that wait. */
  async #flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#pending.size === 0) return;
    this.#flushing = this.#write().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
  }

  async #write(): Promise<void> {
    if (this.#section === undefined) return;
    const written = [...this.#pending];
    const more = written.map(([, one]) => one);
    try {
      await this.#section.update((users) => merged(users, more, this.#now()));
      for (const [user, one] of written) {
        if (this.#pending.get(user) === one) this.#pending.delete(user);
      }
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      this.#log.warn(
        { event: 'sign_out_not_shared' },
        `A sign-out holds at this replica alone until it can be written: ${error.message}`,
      );
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        void this.#flush();
      }, RETRY_AFTER_MS).unref();
    }
  }
}

function byUser(users: Users): Map<string, SignedOutUser> {
  return new Map(users.map((one) => [one.user, one]));
}

function stands(
  users: ReadonlyMap<string, SignedOutUser>,
  { userId, tokenKey, issuedAt }: Identity,
): boolean {
  const known = users.size === 0 ? undefined : users.get(userId);
  if (known === undefined) return false;
  if (Object.hasOwn(known.tokens, tokenKey.slice(0, KEY_LENGTH))) return true;
  const { all } = known;
  return all !== undefined && (issuedAt === undefined || issuedAt / 1000 <= all.issuedUntil);
}

/** Both lists in one, without what has ended, and within the bounds. */
function merged(users: Users, more: Users, nowMs: number): Users {
  const now = Math.floor(nowMs / 1000);
  const both = byUser(users);
  for (const one of more) {
    const known = both.get(one.user);
    both.set(one.user, known === undefined ? one : joined(known, one));
  }
  const left = [...both.values()].map((one) => bounded(one, now));
  return fitting(
    left.filter(({ tokens, all }) => all !== undefined || Object.keys(tokens).length > 0),
    now,
  );
}

function bounded(user: SignedOutUser, now: number): SignedOutUser {
  const standing = pruned(user, now);
  const many = Object.keys(standing.tokens).length > TOKENS_PER_USER;
  return many ? collapsed(standing, now) : standing;
}

function joined(one: SignedOutUser, other: SignedOutUser): SignedOutUser {
  const tokens = { ...one.tokens, ...other.tokens };
  if (one.all === undefined || other.all === undefined) {
    return { user: one.user, tokens, all: one.all ?? other.all };
  }
  const issuedUntil = Math.max(one.all.issuedUntil, other.all.issuedUntil);
  return {
    user: one.user,
    tokens,
    all: { issuedUntil, ends: Math.max(one.all.ends, other.all.ends) },
  };
}

function pruned({ user, tokens, all }: SignedOutUser, now: number): SignedOutUser {
  const standing = Object.entries(tokens).filter(([, ends]) => ends > now);
  return {
    user,
    tokens: Object.fromEntries(standing),
    ...(all === undefined || all.ends <= now ? {} : { all }),
  };
}

/** One moment stands for all of a user's tokens. */
function collapsed(one: SignedOutUser, now: number): SignedOutUser {
  return { user: one.user, tokens: {}, all: { issuedUntil: now, ends: endOf(one) } };
}

/** Whoever has signed out most often is collapsed first; then those are left out whose tokens end soonest. */
function fitting(users: Users, now: number): Users {
  let list = users;
  while (Buffer.byteLength(JSON.stringify(list)) > MOST_BYTES) {
    const most = Math.max(...list.map(({ tokens }) => Object.keys(tokens).length));
    list =
      most > 1
        ? list.map((one) => (Object.keys(one.tokens).length > most / 2 ? collapsed(one, now) : one))
        : list.toSorted((one, other) => endOf(other) - endOf(one)).slice(0, list.length * 0.9);
  }
  return list;
}

function endOf({ tokens, all }: SignedOutUser): number {
  return Math.max(all?.ends ?? 0, ...Object.values(tokens));
}
