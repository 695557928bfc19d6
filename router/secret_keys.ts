import { deriveKey } from './auth/identity/derive_key.ts';
import { secretBytes } from './auth/identity/key_encoding.ts';
import { watchSecret } from './auth/identity/watched_secret.ts';
import type { Settings } from './settings/settings.ts';

/** What keys are for: those of one use are nothing to any other. */
export const SECRET_USES = {
  /** The stamps on what the router writes into tasks. */
  stamps: 'task-traffic-router stamps of answers, HMAC-SHA256, v1',
  /** What replicas ask and tell each other. */
  peers: 'task-traffic-router peers, HMAC-SHA256, v1',
  /** The names under which browsers keep cookies of tasks that are for one host alone. */
  hostCookies: 'task-traffic-router host cookies of tasks, HMAC-SHA256, v1',
} as const;

/** The keys of one use, newest secret first. */
export interface SecretKeys {
  /** The same list until a secret changes. */
  readonly current: () => readonly Uint8Array[];
  readonly close: () => void;
}

/**
 * The secret without the base64url that it may be spelled in: the same bytes for a signing key and for `k` of jwks.json, which an
 * operator may give one for the other. Ports are restored before ClearML has shown which of the two it was given.
 */
function unspelled(secret: string): Uint8Array {
  const decoded = secretBytes(secret, 'base64url');
  return decoded === undefined
    ? Buffer.from(secret, 'utf8')
    : unspelled(Buffer.from(decoded).toString('latin1'));
}

/** Derives the keys from ROUTER_SECRET, and where there is none from AUTH_BASE64_JWKS_KEY; follows their files. */
export function followSecretKeys(
  settings: Settings,
  use: (typeof SECRET_USES)[keyof typeof SECRET_USES],
): SecretKeys {
  const name = settings.ROUTER_SECRET === undefined ? 'AUTH_BASE64_JWKS_KEY' : 'ROUTER_SECRET';
  const derive = (secrets: readonly string[]): readonly Uint8Array[] =>
    secrets.map((secret) => deriveKey(unspelled(secret), use));
  const first = settings[name] ?? [];
  let keys = derive(first);
  const path = settings.sources[name];
  const close =
    path === undefined
      ? () => undefined
      : watchSecret(path, first, (secrets) => {
          keys = derive(secrets);
        });
  return { current: () => keys, close };
}
