import type { KeyState } from './auth/identity/key_ring.ts';
import type { RoutesState } from './routes/routes.ts';
import type { ReadinessCheck } from './telemetry/health_server.ts';

/** What readiness is read off. */
export interface ReadinessFacts {
  /** SIGTERM has come. */
  readonly draining: boolean;
  readonly routes: RoutesState;
  readonly key: KeyState;
  /** Why the name of ClearML's cookie is not known; undefined while it is. */
  readonly cookieName?: string | undefined;
  /** Why the state that replicas share cannot be read; undefined while it can, or where there is none. */
  readonly state?: string | undefined;
}

const KEY_DETAIL: Readonly<Record<'unsettled' | 'mismatch', string>> = {
  unsettled: 'waiting for the first login at ClearML, whose token shows how the key is encoded',
  mismatch:
    'neither spelling of AUTH_BASE64_JWKS_KEY verifies the token of the login; set the secure.auth.token_secret of this very ClearML server',
};

const KEY_OUTDATED =
  "the server's key was changed: AUTH_BASE64_JWKS_KEY does not verify the token of the router's latest login, so nobody gets in who " +
  "signs in from now on; add the server's new secure.auth.token_secret to it (clearml.jwksKey), separated by white space";

/**
 * The checks of /readyz. Once the first look has succeeded an absent ClearML does not make the router unready: the last table
 * stays and goes on serving, and a replica that left the Service for it would help nobody.
 */
export function readiness({
  draining,
  routes,
  key,
  cookieName,
  state,
}: ReadinessFacts): readonly ReadinessCheck[] {
  return [
    {
      name: 'serving',
      required: true,
      ok: !draining,
      ...(draining ? { detail: 'draining after SIGTERM' } : {}),
    },
    {
      name: 'first-look',
      required: true,
      ok: routes.ready,
      ...(routes.ready ? {} : { detail: routes.lastError ?? 'waiting for ClearML' }),
    },
    {
      name: 'signing-key',
      required: true,
      ok: key === 'settled' || key === 'outdated',
      ...(key === 'settled' || key === 'outdated' ? {} : { detail: KEY_DETAIL[key] }),
    },
    // Not required: sessions of before the change live on, and an unready router would end them, too.
    ...(key === 'outdated'
      ? [{ name: 'signing-key-current', required: false, ok: false, detail: KEY_OUTDATED }]
      : []),
    ...(state === undefined
      ? []
      : [{ name: 'shared-state', required: false, ok: false, detail: state }]),
    {
      name: 'clearml',
      required: false,
      ok: routes.lastError === undefined,
      ...(routes.lastError === undefined ? {} : { detail: routes.lastError }),
    },
    ...(cookieName === undefined
      ? []
      : [{ name: 'cookie-name', required: false, ok: false, detail: cookieName }]),
    ...routes.problems.map((detail) => ({
      name: 'routes',
      required: false,
      ok: false,
      detail,
    })),
  ];
}
