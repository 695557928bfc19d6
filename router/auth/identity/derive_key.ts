import { hkdfSync } from 'node:crypto';

/**
 * A key of 32 bytes for one use: keys for other uses, derived from the same secret, are other keys (RFC 5869, section 3.2). Every
 * replica derives the same ones, so that none of them has to be kept or sent.
 */
export function deriveKey(secret: string | Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), use, 32));
}
