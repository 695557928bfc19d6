import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../../grammar/json.ts';
import type { Sealer } from '../sealed/seal.ts';
import type { Audience } from '../sealed/audience.ts';
import { newUserCode, type UserCode } from './user_code.ts';
import type { Device } from './store.ts';

const ABOUT = z.object({ code: z.string(), label: z.string(), address: z.string() });

/** How long a code holds (RFC 8628, section 3.2). */
export const CODE_LIFE_MS = 600_000;
const LONGEST_LABEL = 64;

/** What a device code says: everything that there is to know of a computer before its user has typed its code. */
export interface DeviceCode {
  readonly code: UserCode;
  readonly device: Device;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What a computer says of itself, fit to be shown: in one line, without control characters and marks that turn the writing. */
export function readLabel(said: string): string {
  const plain = said
    .slice(0, 4 * LONGEST_LABEL)
    .replace(/\p{C}/gu, '')
    .replace(/\s+/gu, ' ')
    .trim();
  return Array.from(plain).slice(0, LONGEST_LABEL).join('').trim() || 'a computer without a name';
}

/**
 * Device codes of RFC 8628. Whoever comes gets one, so nothing is kept of them: label, address and user code are sealed in the code
 * itself, which the computer alone holds.
 */
export class DeviceCodes {
  readonly #sealer: Sealer;
  readonly #audience: Audience;
  readonly #now: () => number;

  /** @param audience the router: another one that has the same key takes no code of it. */
  constructor(sealer: Sealer, audience: Audience, now: () => number) {
    this.#sealer = sealer;
    this.#audience = audience;
    this.#now = now;
  }

  /** Undefined while nothing can be sealed. */
  async make(
    label: string,
    address: string,
  ): Promise<{ readonly text: string; readonly code: UserCode } | undefined> {
    const code = newUserCode();
    const text = await this.#sealer.seal('device-code', {
      id: randomUUID(),
      token: JSON.stringify({ code, label: readLabel(label), address }),
      audience: this.#audience,
      expiresAt: this.#now() + CODE_LIFE_MS,
    });
    return text === undefined ? undefined : { text, code };
  }

  /** Undefined where it was not made here, or has expired. */
  async read(text: string): Promise<DeviceCode | undefined> {
    const sealed = await this.#sealer.open('device-code', text);
    if (sealed?.audience !== this.#audience) return undefined;
    const { data } = ABOUT.safeParse(parseJson(sealed.token));
    if (data === undefined) return undefined;
    const { code, label, address } = data;
    return { code, device: { id: sealed.id, label, address }, expiresAt: sealed.expiresAt };
  }
}
