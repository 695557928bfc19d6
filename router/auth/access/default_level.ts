import * as z from 'zod';
import { decodeJwt } from 'jose';
import type { ClearmlAuthority } from '../../clearml/clearml.ts';
import type { EndpointLevel } from '../../grammar/access_level.ts';

/** The feature set of servers that keep users apart; the open-source server's is `basic`. */
const KEEPS_APART = 'advanced';

const claims = z.object({ feature_set: z.string() });

/** The feature set that a server names in the tokens that it issues; undefined where it names none. */
export function featureSetOf(token: string): string | undefined {
  try {
    return claims.parse(decodeJwt(token)).feature_set;
  } catch {
    return undefined;
  }
}

/** Whether a server of this feature set shows tasks only to those who may see them; one that names none is not known to. */
export function keepsUsersApart(featureSet: string | undefined): boolean {
  return featureSet === KEEPS_APART;
}

/** The level of an endpoint that says nothing, where no level is set, on a server of this feature set. */
export function levelOnServer(featureSet: string | undefined): EndpointLevel {
  return keepsUsersApart(featureSet) ? 'visible' : 'owner';
}

/** The level of an endpoint that says nothing. */
export interface DefaultLevel {
  readonly level: () => EndpointLevel;
  /** `setting`: ACCESS_DEFAULT. `server`: whether ClearML keeps users apart. */
  readonly decidedBy: 'setting' | 'server';
  /** Ends following the router's login. */
  readonly end: () => void;
}

/**
 * The level of an endpoint that says nothing. Where no level is set it follows what the router's own login says of the server: one
 * that shows every task to everybody would open everybody's notebook to everybody. Until there is a login it is the narrowest.
 */
export function followDefaultLevel(
  set: EndpointLevel | undefined,
  clearml: Pick<ClearmlAuthority, 'onLogin'>,
): DefaultLevel {
  if (set !== undefined) return { level: () => set, decidedBy: 'setting', end: () => {} };
  let level: EndpointLevel = 'owner';
  const end = clearml.onLogin(({ token }) => {
    level = levelOnServer(featureSetOf(token));
  });
  return { level: () => level, decidedBy: 'server', end };
}
