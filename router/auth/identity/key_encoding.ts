import type { CryptoKey } from 'jose';

/** How the text of AUTH_BASE64_JWKS_KEY stands for the secret: as `k` of jwks.json, or as the raw text of the server's own setting. */
export type KeyEncoding = 'base64url' | 'raw';

/** base64url as jwks.json has it, and plain base64 with padding, as `kubectl get secret` prints it. */
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** The secret's bytes if `text` is read in this encoding; undefined where it cannot be. */
export function secretBytes(
  text: string,
  encoding: KeyEncoding,
): Uint8Array<ArrayBuffer> | undefined {
  if (encoding === 'raw') return new Uint8Array(Buffer.from(text, 'utf8'));
  if (!BASE64.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === 0 ? undefined : new Uint8Array(bytes);
}

/** The key that verifies HS256 and does nothing else. */
export function importHs256(secret: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ]);
}
