import { createHmac, timingSafeEqual } from 'node:crypto';
import { GRANT, SEALED_GRANT, type Grant, type SealedGrant } from './store.ts';

/** A record that a router wrote, and whether by the key that it writes with now. */
interface Genuine {
  readonly grant: Grant;
  readonly current: boolean;
}

/**
 * Proves that a record is a router's own writing (HMAC-SHA256 over all of it): whoever may edit the object that keeps the records
 * would give rights away otherwise. What it cannot prove is that a record was not taken away since: who puts back an old one that
 * stood once is believed.
 */
export class RecordSeal {
  readonly #keys: () => readonly Uint8Array[];
  /** What was found genuine by its text, so that a change of one record does not cost the check of all. */
  #known = new Map<string, Genuine>();
  /** The records that were opened last, for all who ask about these. */
  #last:
    | {
        readonly records: readonly unknown[];
        readonly keys: readonly Uint8Array[];
        readonly opened: readonly (Genuine | undefined)[];
      }
    | undefined;

  /** @param keys the first one seals, each of them proves; empty until the signing key is settled. */
  constructor(keys: () => readonly Uint8Array[]) {
    this.#keys = keys;
  }

  get ready(): boolean {
    return this.#keys().length > 0;
  }

  /** Undefined without a key. */
  seal(grant: Grant): SealedGrant | undefined {
    const [key] = this.#keys();
    return key === undefined
      ? undefined
      : { ...grant, mac: macOf(key, grant).toString('base64url') };
  }

  /** What of these grants stands in the records, sealed by the key of now, stays as it is there; the others are sealed anew. */
  sealAll(grants: readonly Grant[], records: readonly unknown[]): readonly unknown[] {
    const opened = this.open(records);
    const sealed = new Map<Grant, unknown>();
    for (const [index, one] of opened.entries()) {
      if (one?.current === true) sealed.set(one.grant, records[index]);
    }
    return grants.flatMap((grant) => sealed.get(grant) ?? this.seal(grant) ?? []);
  }

  /** In the order of the records; undefined in place of what is not genuine. */
  open(records: readonly unknown[]): readonly (Genuine | undefined)[] {
    const keys = this.#keys();
    if (this.#last?.records === records && this.#last.keys === keys) return this.#last.opened;
    const known = new Map<string, Genuine>();
    const opened = records.map((record) => {
      const text = JSON.stringify(record);
      const genuine = this.#known.get(text) ?? this.#prove(record);
      if (genuine !== undefined) known.set(text, genuine);
      return genuine;
    });
    this.#known = known;
    this.#last = { records, keys, opened };
    return opened;
  }

  /** Proves all of them anew; for when the keys have changed. */
  forget(): void {
    this.#known.clear();
    this.#last = undefined;
  }

  #prove(record: unknown): Genuine | undefined {
    const parsed = SEALED_GRANT.safeParse(record);
    if (!parsed.success) return undefined;
    const { mac, ...grant } = parsed.data;
    const told = Buffer.from(mac, 'base64url');
    const index = this.#keys().findIndex((key) => {
      const right = macOf(key, grant);
      return told.length === right.length && timingSafeEqual(told, right);
    });
    return index === -1 ? undefined : { grant, current: index === 0 };
  }
}

/** The schema gives the fields their one order. */
function macOf(key: Uint8Array, grant: Grant): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify(GRANT.parse(grant)))
    .digest();
}
