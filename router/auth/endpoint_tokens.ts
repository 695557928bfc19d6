import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Audience } from './audience.ts';
import type { EndpointTokenRecord, EndpointTokenStore } from './endpoint_token_store.ts';
import type { Identity } from './identity.ts';
import type { Tell } from './notices.ts';
import type { Sealer } from './seal.ts';

/** What a user asks for. */
export interface EndpointTokenWish {
  readonly audience: Audience;
  readonly label: string;
  /** Milliseconds; cut to the life of the user's own token. */
  readonly lifetime: number;
}

/** A new endpoint token: the only time that its text is known. */
export interface IssuedToken {
  readonly record: EndpointTokenRecord;
  readonly text: string;
}

/** Why no token was made: too many of them, or nowhere to keep its record. */
export type IssueFailure = 'too-many' | 'unavailable';

/** Tells endpoint tokens from all others at first sight, for the gate as for scanners that look for leaked secrets. */
export const ENDPOINT_TOKEN_PREFIX = 'ttr_';

/** A revocation made by another replica is known here this much later at the most. Milliseconds. */
const REFRESH_EVERY = 4_000;
/** An id that is not in the store is looked for again, but not by each request. Milliseconds. */
const MISSED_KEPT = 1_000;
const TOKENS_PER_USER = 50;
/** A Kubernetes object holds 1 MiB. */
const TOKENS_IN_ALL = 3_000;
const WRITES_TRIED = 20;

/**
 * Tokens for one endpoint, for programs that cannot hold a ClearML token. Each seals the user's ClearML token, so that the
 * right is asked with it as ever, and the endpoint token dies with it. It holds as long as its record stands: revoking is
 * removing, what expired is removed with the next write, and a store that was lost lets nobody in.
 */
export class EndpointTokens {
  readonly #store: EndpointTokenStore;
  readonly #sealer: Sealer;
  readonly #now: () => number;
  readonly #tell: Tell;
  readonly #timer: NodeJS.Timeout;
  #known = new Map<string, EndpointTokenRecord>();
  readonly #missed = new LRUCache<string, true>({ max: 1_000, ttl: MISSED_KEPT });
  #refreshing: Promise<void> | undefined;

  constructor(store: EndpointTokenStore, sealer: Sealer, now: () => number, tell: Tell = () => {}) {
    this.#tell = tell;
    this.#store = store;
    this.#sealer = sealer;
    this.#now = now;
    this.#timer = setInterval(() => {
      if (this.#known.size > 0) void this.#refresh();
    }, REFRESH_EVERY).unref();
  }

  /** Whether the record of a token stands; without a promise when it is known. */
  stands(id: string): boolean | Promise<boolean> {
    if (this.#known.has(id)) return true;
    return this.#missed.has(id) ? false : this.#find(id);
  }

  async issue(identity: Identity, wish: EndpointTokenWish): Promise<IssuedToken | IssueFailure> {
    const { userId, companyId, token, expiresAt: tokenEnds = this.#now() } = identity;
    const createdAt = this.#now();
    const record: EndpointTokenRecord = {
      id: randomUUID(),
      userId,
      companyId,
      audience: wish.audience,
      label: wish.label,
      createdAt,
      expiresAt: Math.min(createdAt + wish.lifetime, tokenEnds),
    };
    const { id, audience, expiresAt } = record;
    const sealed = await this.#sealer.seal('endpoint-token', { id, token, audience, expiresAt });
    if (sealed === undefined) return 'unavailable';
    let tooMany = false;
    const written = await this.#change((records) => {
      const own = records.filter((one) => isOf(one, identity));
      tooMany = own.length >= TOKENS_PER_USER || records.length >= TOKENS_IN_ALL;
      return tooMany ? undefined : [...records, record];
    });
    if (tooMany) return 'too-many';
    return written ? { record, text: ENDPOINT_TOKEN_PREFIX + sealed } : 'unavailable';
  }

  /** The user's own, oldest first; undefined while the store cannot be reached. */
  async list(identity: Identity): Promise<readonly EndpointTokenRecord[] | undefined> {
    try {
      const { records } = await this.#store.read();
      return records.filter((one) => isOf(one, identity) && one.expiresAt > this.#now());
    } catch {
      return undefined;
    }
  }

  /** False where the user has no such token. */
  async revoke(identity: Identity, id: string): Promise<boolean | 'unavailable'> {
    let found: boolean | undefined;
    const written = await this.#change((records) => {
      found = records.some((one) => one.id === id && isOf(one, identity));
      return found ? records.filter((one) => one.id !== id) : undefined;
    });
    if (written) this.#tell({ kind: 'endpoint-token-revoked', id });
    // Where no record could be read, nobody knows whether the token stands.
    return found !== false && !written ? 'unavailable' : found === true;
  }

  /** Another process revoked it: the store is asked before it opens anything again. */
  revoked(id: string): void {
    this.#known.delete(id);
  }

  /** One that was made by another replica a moment ago is in the store already. */
  async #find(id: string): Promise<boolean> {
    await this.#refresh();
    const stands = this.#known.has(id);
    if (!stands) this.#missed.set(id, true);
    return stands;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Reads, changes, writes, again when somebody else wrote meanwhile. False when nothing was written. */
  async #change(
    change: (records: readonly EndpointTokenRecord[]) => readonly EndpointTokenRecord[] | undefined,
  ): Promise<boolean> {
    try {
      for (let tried = 0; tried < WRITES_TRIED; tried += 1) {
        const before = await this.#store.read();
        const standing = before.records.filter(({ expiresAt }) => expiresAt > this.#now());
        const after = change(standing);
        if (after === undefined) return false;
        if (await this.#store.write(before, after)) {
          this.#take(after);
          return true;
        }
        await wait(10 + Math.random() * 40);
      }
    } catch {
      // The store is away: nothing was changed.
    }
    return false;
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#readAll().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** A store that is away leaves what was known: tokens that stood go on standing, new ones are not known yet. */
  async #readAll(): Promise<void> {
    try {
      const { records } = await this.#store.read();
      this.#take(records);
    } catch {
      // Tried again with the next look.
    }
  }

  #take(records: readonly EndpointTokenRecord[]): void {
    this.#known = new Map(records.map((record) => [record.id, record]));
  }
}

function isOf(record: EndpointTokenRecord, { userId, companyId }: Identity): boolean {
  return record.userId === userId && record.companyId === companyId;
}
