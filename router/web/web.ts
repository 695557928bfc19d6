import type { Auth } from '../auth/auth.ts';
import { createDenialAudit } from '../auth/denial_audit.ts';
import type { Routes } from '../routes/routes.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createApi } from './api.ts';
import { ConnectivityTest } from './connectivity_test.ts';
import { EndpointTokenActs } from './endpoint_token_acts.ts';
import { createEndpointTokens } from './endpoint_tokens.ts';
import { createLister, placesOf, type ListerParts } from './lister.ts';
import { apiOperations } from './operations.ts';
import type { OwnPages } from './own_pages.ts';
import { createOverview } from './overview.ts';
import { createOwnRefusals } from './refusals.ts';
import { createSignIn } from './sign_in.ts';

/** What the router's own pages are made of. */
export interface WebParts extends Omit<ListerParts, 'auth' | 'routes'> {
  readonly auth: Pick<Auth, 'viewer' | 'endpointTokens' | 'signIn'>;
  readonly routes: Pick<Routes, 'current' | 'subscribe' | 'state'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'denials' | 'signIns'>;
}

/** The router's own pages and its API, on the host of ROUTER_URL. */
export function createOwnPages(parts: WebParts): readonly OwnPages[] {
  const { settings, auth, routes, activity, log, metrics } = parts;
  const { ROUTER_URL: routerUrl } = settings;
  const { viewer, endpointTokens } = auth;
  const refuse = createOwnRefusals(createDenialAudit(log, metrics));
  const lister = createLister(parts);
  const tokens =
    endpointTokens === undefined
      ? undefined
      : new EndpointTokenActs({ auth, tokens: endpointTokens, routes, log });
  const test = new ConnectivityTest({ routerUrl, routes, viewer, activity });
  const { origin } = routerUrl;
  return [
    createSignIn({ ...parts, refuse }),
    createOverview({ lister, viewer, refuse, routerName: settings.ROUTER_NAME }),
    createEndpointTokens({ tokens, viewer, refuse, routes, places: placesOf(settings) }),
    createApi(apiOperations({ lister, test, tokens, origin }), viewer, refuse, routerUrl),
  ];
}
