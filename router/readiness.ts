import type { KeyState } from './auth/key_ring.ts';
import type { RoutesState } from './routes/routes.ts';
import type { ReadinessCheck } from './telemetry/admin_server.ts';

/** What readiness is read off. */
export interface ReadinessFacts {
  /** SIGTERM has come. */
  readonly draining: boolean;
  readonly routes: RoutesState;
  readonly key: KeyState;
  /** Why the name of ClearML's cookie is not known; undefined while it is. */
  readonly cookieName?: string | undefined;
}

const KEY_DETAIL: Readonly<Record<Exclude<KeyState, 'settled'>, string>> = {
  unsettled: 'waiting for the first login at ClearML, whose token shows how the key is encoded',
  mismatch:
    'neither spelling of AUTH_BASE64_JWKS_KEY verifies the token of the login; set the secure.auth.token_secret of this very ClearML server',
};

/**
 * The checks of /readyz. Once the first look has succeeded an absent ClearML does not make the router unready: the last table
 * stays and goes on serving, and a replica that left the Service for it would help nobody.
 */
export function readiness({
  draining,
  routes,
  key,
  cookieName,
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
      ok: key === 'settled',
      ...(key === 'settled' ? {} : { detail: KEY_DETAIL[key] }),
    },
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
