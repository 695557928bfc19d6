import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Audience } from '../sealed/audience.ts';
import { changeSection, type ChangeOutcome } from '../../state/change_section.ts';
import { shareOfUser } from '../../state/section_bytes.ts';
import type { Section } from '../../state/shared_state.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { EndpointTokenRecord } from './store.ts';
import type { Identity } from '../identity/identity.ts';
import { ENDPOINT_TOKEN_PREFIX } from '../identity/token_grammar.ts';
import type { Sealer } from '../sealed/seal.ts';

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

/** An id that is not in the store is looked for again, but not by each request. */
const MISSED_KEPT_MS = 1_000;
const TOKENS_PER_USER = 50;
const TOKENS_IN_ALL = 3_000;
const BYTES_PER_USER = shareOfUser('endpoint-tokens');
/** How old what a record says of the last use may be, and for how long uses are gathered before they are written. */
const USE_KNOWN_WITHIN_MS = 3_600_000;
const USES_GATHERED_MS = 10_000;

/**
 * Tokens for one endpoint, for programs that cannot hold a ClearML token, and for one computer, which `devices/` hands out. Each seals the user's ClearML token, so that the
 * right is asked with it as ever, and the endpoint token dies with it. It holds as long as its record stands: revoking is
 * removing, what expired is removed with the next write, and a store that was lost lets nobody in.
 */
export class EndpointTokens {
  readonly #section: Section<readonly EndpointTokenRecord[]>;
  readonly #sealer: Sealer;
  readonly #now: () => number;
  #known = new Map<string, EndpointTokenRecord>();
  readonly #missed = new LRUCache<string, true>({ max: 1_000, ttl: MISSED_KEPT_MS });
  #refreshing: Promise<void> | undefined;
  /** When tokens were used whose records do not say so yet, by id. */
  #uses = new Map<string, number>();
  #writingUses: NodeJS.Timeout | undefined;

  constructor(section: Section<readonly EndpointTokenRecord[]>, sealer: Sealer, now: () => number) {
    this.#section = section;
    this.#sealer = sealer;
    this.#now = now;
    section.follow((records) => this.#take(records));
  }

  /** Whether the record of a token stands, which counts as its use; without a promise when it is known. */
  stands(id: string): boolean | Promise<boolean> {
    const record = this.#known.get(id);
    if (record !== undefined) {
      this.#used(record);
      return true;
    }
    return this.#missed.has(id) ? false : this.#find(id);
  }

  /** The record of a token that stands. */
  get(id: string): EndpointTokenRecord | undefined {
    return this.#known.get(id);
  }

  async issue(identity: Identity, wish: EndpointTokenWish): Promise<IssuedToken | IssueFailure> {
    const record = await this.register(identity, wish);
    if (typeof record === 'string') return record;
    const { id, audience, expiresAt } = record;
    const { token } = identity;
    const sealed = await this.#sealer.seal('endpoint-token', { id, token, audience, expiresAt });
    if (sealed === undefined) return 'unavailable';
    return { record, text: ENDPOINT_TOKEN_PREFIX + sealed };
  }

  /** The record alone: a device token is made where its computer asks for it, which may be another replica. */
  async register(
    identity: Identity,
    wish: EndpointTokenWish,
  ): Promise<EndpointTokenRecord | IssueFailure> {
    const { userId, userName, companyId, expiresAt: tokenEnds } = identity;
    const createdAt = this.#now();
    const record: EndpointTokenRecord = {
      id: randomUUID(),
      userId,
      userName: excerpt(userName),
      companyId,
      audience: wish.audience,
      label: wish.label,
      createdAt,
      expiresAt: Math.min(createdAt + wish.lifetime, tokenEnds),
    };
    let tooMany = false;
    const written = await this.#change((records) => {
      const own = records.filter((one) => isOf(one, identity));
      tooMany =
        own.length >= TOKENS_PER_USER ||
        records.length >= TOKENS_IN_ALL ||
        Buffer.byteLength(JSON.stringify([...own, record])) > BYTES_PER_USER;
      return tooMany ? undefined : [...records, record];
    });
    if (tooMany || written === 'full') return 'too-many';
    return written === 'written' ? record : 'unavailable';
  }

  /** Those that `concerns` says yes to, oldest first; undefined while the store cannot be reached. */
  async list(concerns: RecordFilter): Promise<readonly EndpointTokenRecord[] | undefined> {
    try {
      const records = await this.#section.read();
      return records.filter((one) => concerns(one) && one.expiresAt > this.#now());
    } catch {
      return undefined;
    }
  }

  /** Gives the record of the token that it ended; undefined where none that `concerns` says yes to has this id. */
  async revoke(
    concerns: RecordFilter,
    id: string,
  ): Promise<EndpointTokenRecord | 'unavailable' | undefined> {
    let found: EndpointTokenRecord | undefined;
    const written = await this.#change((records) => {
      found = records.find((one) => one.id === id && concerns(one));
      return found === undefined ? undefined : records.filter((one) => one.id !== id);
    });
    // Where no record could be read, nobody knows whether the token stands.
    return written === 'unavailable' || written === 'full' ? 'unavailable' : found;
  }

  /**
   * One that was made by another replica a moment ago is in the store already. A store that is away leaves what was known: tokens
   * that stood go on standing, new ones are not known yet.
   */
  async #find(id: string): Promise<boolean> {
    this.#refreshing ??= this.#section
      .read()
      .then(
        (records) => this.#take(records),
        () => undefined,
      )
      .finally(() => {
        this.#refreshing = undefined;
      });
    await this.#refreshing;
    const stands = this.#known.has(id);
    if (!stands) this.#missed.set(id, true);
    return stands;
  }

  close(): void {
    clearTimeout(this.#writingUses);
  }

  #used({ id, lastUsedAt = 0 }: EndpointTokenRecord): void {
    const now = this.#now();
    if (now - lastUsedAt < USE_KNOWN_WITHIN_MS) return;
    this.#uses.set(id, now);
    this.#writingUses ??= setTimeout(() => {
      this.#writingUses = undefined;
      void this.#writeUses();
    }, USES_GATHERED_MS).unref();
  }

  /** All uses since the last time in one write. What cannot be written now is written with the next use. */
  async #writeUses(): Promise<void> {
    const uses = this.#uses;
    this.#uses = new Map();
    await this.#change((records) => {
      const stale = (one: EndpointTokenRecord): boolean =>
        (uses.get(one.id) ?? 0) - (one.lastUsedAt ?? 0) >= USE_KNOWN_WITHIN_MS;
      if (!records.some(stale)) return undefined;
      return records.map((one) => (stale(one) ? { ...one, lastUsedAt: uses.get(one.id) } : one));
    });
  }

  /** What has expired is left out with the next write. */
  #change(
    change: (records: readonly EndpointTokenRecord[]) => readonly EndpointTokenRecord[] | undefined,
  ): Promise<ChangeOutcome> {
    return changeSection(this.#section, (records) =>
      change(records.filter(({ expiresAt }) => expiresAt > this.#now())),
    );
  }

  #take(records: readonly EndpointTokenRecord[]): void {
    this.#known = new Map(records.map((record) => [record.id, record]));
  }
}

/** Which tokens somebody may see and revoke. */
export type RecordFilter = (record: EndpointTokenRecord) => boolean;

export function isOf(record: EndpointTokenRecord, { userId, companyId }: Identity): boolean {
  return record.userId === userId && record.companyId === companyId;
}
