import type { Log } from '../../telemetry/log.ts';
import type { Settings } from '../../settings/settings.ts';
import type { ClearmlAuthority } from '../../clearml/clearml.ts';
import type { KnownCookies } from './cookie_names.ts';
import type { KeyRing } from './key_ring.ts';
import { watchSecret } from './watched_secret.ts';

/** What follows the router's own login and the file of its signing key. */
export interface Settling {
  readonly ring: KeyRing;
  readonly cookies: KnownCookies;
  /** Called after the keys that verify users' tokens may have changed. */
  readonly changed: () => void;
  readonly log: Log;
}

/**
 * Keeps the key ring and the name of ClearML's cookie in step with the server: each login of the router tells which keys
 * hold and how its cookie is called, and a changed key file is tried at once. Returns the function that ends it.
 */
export function settleKeys(
  settings: Settings,
  clearml: Pick<ClearmlAuthority, 'onLogin'>,
  { ring, cookies, changed, log }: Settling,
): () => void {
  const attempt = async (step: () => Promise<void>) => {
    try {
      await step();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.error({ event: 'signing_key_mismatch' }, message);
    }
    changed();
  };
  let tail = Promise.resolve();
  const settle = (step: () => Promise<void>) => {
    tail = tail.then(() => attempt(step));
  };
  const endLogins = clearml.onLogin(({ token, cookieName }) => {
    cookies.learn(cookieName);
    settle(() => ring.settle(token));
  });
  const path = settings.sources.AUTH_BASE64_JWKS_KEY;
  const endWatch = watchSecret(path, settings.AUTH_BASE64_JWKS_KEY, (values) => {
    log.info({ event: 'signing_key_changed', path }, 'The file of the signing key changed');
    settle(() => ring.replace(values));
  });
  return () => {
    endLogins();
    endWatch();
  };
}
