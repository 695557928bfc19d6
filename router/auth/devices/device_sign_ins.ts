import { LRUCache } from 'lru-cache';
import { changeSection, type ChangeOutcome } from '../../state/change_section.ts';
import { SECTION_BYTES } from '../../state/section_bytes.ts';
import type { Section } from '../../state/shared_state.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { EndpointTokenRecord } from '../endpoint_tokens/store.ts';
import type { EndpointTokens, IssueFailure } from '../endpoint_tokens/endpoint_tokens.ts';
import type { Identity } from '../identity/identity.ts';
import { DEVICE_TOKEN_PREFIX } from '../identity/token_grammar.ts';
import { DEVICE_AUDIENCE } from '../sealed/audience.ts';
import type { Sealer } from '../sealed/seal.ts';
import { CODE_LIFE_MS, type DeviceCode, type DeviceCodes } from './device_code.ts';
import type { DeviceSignIn } from './store.ts';
import type { UserCode } from './user_code.ts';

export interface DeviceSignInsParts {
  readonly section: Section<readonly DeviceSignIn[]>;
  readonly codes: DeviceCodes;
  readonly sealer: Sealer;
  readonly tokens: EndpointTokens;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds, by a clock that does not jump. */
  readonly steady: () => number;
}

/** What a computer hears that asks how it stands: the token, or an error of RFC 8628, section 3.5. */
export type Polled =
  | {
      readonly outcome: 'allowed';
      readonly token: string;
      /** Milliseconds since the epoch. */
      readonly expiresAt: number;
      readonly user: { readonly id: string; readonly name: string };
    }
  | {
      readonly outcome:
        | 'authorization_pending'
        | 'slow_down'
        | 'access_denied'
        | 'expired_token'
        /** What is kept cannot be reached now. */
        | 'unavailable';
    };

/** Why nothing came of what a user did. `not-there`: no such code waits for this user. */
export type NotDone = 'not-there' | IssueFailure;

/** How long a computer is to wait before it asks again, and how much sooner it may come after all. Seconds; milliseconds. */
export const POLL_SECONDS = 2;
const TOO_SOON_MS = POLL_SECONDS * 1000 - 500;
const POLLS_KEPT = 10_000;
/** Codes of one user that no computer was found for: those that are mistyped. */
const MOST_CLAIMED = 3;
/** Room for a yes with the longest ClearML token there is. */
const BYTES_PER_USER = SECTION_BYTES['device-sign-ins'] / 4;

/**
 * The device flow (RFC 8628) over several replicas, without a word that somebody could write who is not signed in:
 *
 * 1. a computer gets a device code, which seals all that is known of it: nothing is kept (device_code.ts);
 * 2. its user types the short code: a record says that this user has claimed it;
 * 3. the computer asks again, at whichever replica: that one sees the claim, and adds what the device code says of the computer;
 * 4. the user sees that, and allows it: the user's ClearML token is sealed in the record, for this device code alone;
 * 5. the computer asks again: the record is marked as taken, and the token is made of what was sealed.
 *
 * Each record is written by its user, but for one change that the computer makes whose code they have typed.
 */
export class DeviceSignIns {
  readonly #parts: DeviceSignInsParts;
  #known: readonly DeviceSignIn[] = [];
  /** When each computer asked last at this replica, by the id of its device code. */
  readonly #polls = new LRUCache<string, number>({ max: POLLS_KEPT, ttl: CODE_LIFE_MS });

  constructor(parts: DeviceSignInsParts) {
    this.#parts = parts;
    parts.section.follow((records) => {
      this.#known = records;
    });
  }

  /** Undefined while nothing can be sealed. */
  begin(label: string, address: string): ReturnType<DeviceCodes['make']> {
    return this.#parts.codes.make(label, address);
  }

  /** How the sign-in of a computer stands. What others wrote is known within seconds; nothing is read for it. */
  async poll(text: string): Promise<Polled> {
    const code = await this.#parts.codes.read(text);
    if (code === undefined) return { outcome: 'expired_token' };
    const { id } = code.device;
    const now = this.#parts.steady();
    const last = this.#polls.get(id);
    this.#polls.set(id, now);
    if (last !== undefined && now - last < TOO_SOON_MS) return { outcome: 'slow_down' };
    const record = this.#known.find((one) => one.code === code.code);
    if (record === undefined || (record.device !== undefined && record.device.id !== id)) {
      return { outcome: 'authorization_pending' };
    }
    if (record.device === undefined) return this.#found(code);
    const { answer } = record;
    if (answer === undefined) return { outcome: 'authorization_pending' };
    if (answer === 'refused') return { outcome: 'access_denied' };
    return answer === 'taken' ? { outcome: 'expired_token' } : this.#take(code);
  }

  /** Step 2. The first user who types a code has it. */
  async claim(identity: Identity, code: UserCode): Promise<DeviceSignIn | NotDone> {
    const { userId, userName, companyId } = identity;
    const now = this.#parts.now();
    let claimed: DeviceSignIn | NotDone = 'not-there';
    const written = await this.#change((records) => {
      const before = records.find((one) => one.code === code);
      claimed =
        before === undefined || isOf(before, identity) ? (before ?? 'too-many') : 'not-there';
      if (before !== undefined && (claimed === 'not-there' || before.device !== undefined)) {
        return undefined;
      }
      const who = { userId, userName: excerpt(userName), companyId };
      const fresh = { code, ...who, claimedAt: now, expiresAt: now + CODE_LIFE_MS };
      const others = records.filter((one) => one !== before);
      const unfound = others.filter((one) => one.device === undefined && isOf(one, identity));
      const dropped = unfound.slice(0, Math.max(0, unfound.length - MOST_CLAIMED + 1));
      const next = [...others.filter((one) => !dropped.includes(one)), fresh];
      if (!fits(next, identity)) return undefined;
      claimed = fresh;
      return next;
    });
    if (written === 'full') return 'too-many';
    return written === 'unavailable' ? 'unavailable' : claimed;
  }

  /** What of it is known now; undefined where no such code is this user's. */
  async look(identity: Identity, code: UserCode): Promise<DeviceSignIn | NotDone> {
    try {
      const records = await this.#parts.section.read();
      return records.find((one) => this.#isHeld(one, identity, code)) ?? 'not-there';
    } catch {
      return 'unavailable';
    }
  }

  refuse(identity: Identity, code: UserCode): Promise<DeviceSignIn | NotDone> {
    return this.#answer(identity, code, 'refused');
  }

  /** Step 4. Gives the record of the token that the computer is going to have. */
  async allow(identity: Identity, code: UserCode): Promise<EndpointTokenRecord | NotDone> {
    const { tokens, sealer } = this.#parts;
    const found = await this.look(identity, code);
    if (typeof found === 'string') return found;
    const { device, answer } = found;
    if (device === undefined || answer !== undefined) return 'not-there';
    const wish = { audience: DEVICE_AUDIENCE, label: device.label, lifetime: Infinity };
    const record = await tokens.register(identity, wish);
    if (typeof record === 'string') return record;
    const sealed = await sealer.seal('device-approval', {
      id: device.id,
      token: identity.token,
      audience: record.id,
      expiresAt: record.expiresAt,
    });
    const answered =
      sealed === undefined
        ? 'unavailable'
        : await this.#answer(identity, code, { tokenId: record.id, sealed });
    if (typeof answered !== 'string') return record;
    await tokens.revoke((one) => one.id === record.id, record.id);
    return answered;
  }

  async #answer(
    identity: Identity,
    code: UserCode,
    answer: NonNullable<DeviceSignIn['answer']>,
  ): Promise<DeviceSignIn | NotDone> {
    let answered: DeviceSignIn | NotDone = 'not-there';
    const written = await this.#change((records) => {
      const before = records.find((one) => this.#isHeld(one, identity, code));
      answered = 'not-there';
      if (before?.device === undefined || before.answer !== undefined) return undefined;
      const after = { ...before, answer };
      const next = replaced(records, before, after);
      answered = fits(next, identity) ? after : 'too-many';
      return answered === after ? next : undefined;
    });
    if (written === 'full') return 'too-many';
    return written === 'unavailable' ? 'unavailable' : answered;
  }

  /** Step 3. */
  async #found({ code, device, expiresAt }: DeviceCode): Promise<Polled> {
    const written = await this.#change((records) => {
      const claimed = records.find((one) => one.code === code && one.device === undefined);
      if (claimed === undefined) return undefined;
      return replaced(records, claimed, { ...claimed, device, expiresAt });
    });
    const kept = written === 'written' || written === 'unchanged';
    return { outcome: kept ? 'authorization_pending' : 'unavailable' };
  }

  /** Step 5, by whoever is the first to mark it: of two who ask at a time, at whichever replicas, one gets the token. */
  async #take({ device: { id }, code }: DeviceCode): Promise<Polled> {
    const { sealer } = this.#parts;
    let taken: { readonly record: DeviceSignIn; readonly sealed: string } | undefined;
    const written = await this.#change((records) => {
      const record = records.find((one) => one.code === code && one.device?.id === id);
      taken = undefined;
      if (record === undefined || typeof record.answer !== 'object') return undefined;
      taken = { record, sealed: record.answer.sealed };
      return replaced(records, record, { ...record, answer: 'taken' });
    });
    if (written === 'unavailable' || written === 'full') return { outcome: 'unavailable' };
    if (taken === undefined) return { outcome: 'expired_token' };
    const approval = await sealer.open('device-approval', taken.sealed);
    if (approval?.id !== id) return { outcome: 'expired_token' };
    const { audience: tokenId, token, expiresAt } = approval;
    const text = await sealer.seal('device-token', {
      id: tokenId,
      token,
      audience: DEVICE_AUDIENCE,
      expiresAt,
    });
    if (text === undefined) return { outcome: 'unavailable' };
    const { userId, userName } = taken.record;
    return {
      outcome: 'allowed',
      token: DEVICE_TOKEN_PREFIX + text,
      expiresAt,
      user: { id: userId, name: userName },
    };
  }

  #isHeld(record: DeviceSignIn, identity: Identity, code: UserCode): boolean {
    return record.code === code && isOf(record, identity) && record.expiresAt > this.#parts.now();
  }

  /** What has expired is left out with the next write. */
  #change(
    change: (records: readonly DeviceSignIn[]) => readonly DeviceSignIn[] | undefined,
  ): Promise<ChangeOutcome> {
    return changeSection(this.#parts.section, (records) =>
      change(records.filter(({ expiresAt }) => expiresAt > this.#parts.now())),
    );
  }
}

function replaced(
  records: readonly DeviceSignIn[],
  before: DeviceSignIn,
  after: DeviceSignIn,
): readonly DeviceSignIn[] {
  return records.map((one) => (one === before ? after : one));
}

function isOf(
  record: Pick<DeviceSignIn, 'userId' | 'companyId'>,
  { userId, companyId }: Pick<Identity, 'userId' | 'companyId'>,
): boolean {
  return record.userId === userId && record.companyId === companyId;
}

/** Whether one user's records leave room for others. */
function fits(records: readonly DeviceSignIn[], identity: Identity): boolean {
  const own = records.filter((one) => isOf(one, identity));
  return Buffer.byteLength(JSON.stringify(own)) <= BYTES_PER_USER;
}
