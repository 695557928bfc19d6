import type { DeviceSignIns } from '../../auth/devices/device_sign_ins.ts';
import type { DeviceSignIn } from '../../auth/devices/store.ts';
import type { UserCode } from '../../auth/devices/user_code.ts';
import { RateLimit } from '../../load/rate_limit.ts';
import type { Answer } from '../../pages/answer.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log, LogFields } from '../../telemetry/log.ts';
import type { User } from '../acts/user.ts';
import { rateLimited } from '../parts/refusals.ts';
import { NOT_BY_DEVICE, notDone } from './answers.ts';

export interface DeviceActsParts {
  readonly devices: DeviceSignIns;
  readonly log: Log;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** Codes that one user types: RFC 8628, section 5.1. */
const CODES = { atOnce: 10, perSecond: 1 / 6 };
/** A page that waits looks every two seconds. */
const LOOKS = { atOnce: 60, perSecond: 1 };

/** What a signed-in user does about a computer that shows a code. */
export class DeviceActs {
  readonly #parts: DeviceActsParts;
  readonly #codes: RateLimit;
  readonly #looks: RateLimit;

  constructor(parts: DeviceActsParts) {
    this.#parts = parts;
    this.#codes = new RateLimit(CODES, parts.now);
    this.#looks = new RateLimit(LOOKS, parts.now);
  }

  async claim(user: User, code: UserCode): Promise<DeviceSignIn | Answer> {
    const refused = this.#refusal(user, this.#codes, 'You have typed many codes.');
    if (refused !== undefined) return refused;
    const claimed = await this.#parts.devices.claim(user.identity, code);
    if (claimed === 'not-there') this.#audit('device_code_wrong', user, {});
    return typeof claimed === 'string' ? notDone(claimed) : claimed;
  }

  async look(user: User, code: UserCode): Promise<DeviceSignIn | Answer> {
    const refused = this.#refusal(user, this.#looks, 'You have looked many times.');
    if (refused !== undefined) return refused;
    const found = await this.#parts.devices.look(user.identity, code);
    return typeof found === 'string' ? notDone(found) : found;
  }

  /** Undefined when it is done. */
  async allow(user: User, code: UserCode, client: string): Promise<Answer | undefined> {
    const refused = this.#refusal(user, this.#codes, 'You have let in many computers.');
    if (refused !== undefined) return refused;
    const record = await this.#parts.devices.allow(user.identity, code);
    if (typeof record === 'string') return notDone(record);
    const { id, label } = record;
    this.#audit('device_token_issued', user, { token: id, label: excerpt(label), client });
    return undefined;
  }

  /** Undefined when it is done. */
  async refuse(user: User, code: UserCode, client: string): Promise<Answer | undefined> {
    const refused = this.#refusal(user, this.#looks, 'You have answered many times.');
    if (refused !== undefined) return refused;
    const record = await this.#parts.devices.refuse(user.identity, code);
    if (typeof record === 'string') return notDone(record);
    this.#audit('device_refused', user, { label: record.device?.label, client });
    return undefined;
  }

  #refusal({ credential, identity }: User, rate: RateLimit, why: string): Answer | undefined {
    if (credential === 'device-token') return NOT_BY_DEVICE;
    const { userId } = identity;
    return rate.take(userId) ? undefined : rateLimited(rate.wait(userId), why);
  }

  #audit(event: string, { identity }: User, more: LogFields): void {
    this.#parts.log.info(
      { event, user: excerpt(identity.userId), ...more },
      'A user answered a computer that wants to act in their name',
    );
  }
}
