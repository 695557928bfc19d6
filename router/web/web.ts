import type { Auth } from '../auth/auth.ts';
import { createDenialAudit } from '../auth/gate/denial_audit.ts';
import type { Routes } from '../routes/routes.ts';
import { pagesApart, pagesUrlOf } from '../settings/urls.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { ActGuard } from './endpoint_tokens/act_guard.ts';
import { createApi } from './api/api.ts';
import { clientWheel } from './client/client_wheel.ts';
import { createWheelPage, wheelPath } from './client/wheel_page.ts';
import { VERSION } from '../version.ts';
import { ConnectivityTest } from './api/connectivity_test.ts';
import { EndpointTokenActs } from './endpoint_tokens/acts.ts';
import { createEndpointTokenPages } from './endpoint_tokens/pages.ts';
import { createLister, placesOf, type ListerParts } from './overview/lister.ts';
import { apiOperations } from './api/operations.ts';
import type { OwnPages } from '../pages/own_pages.ts';
import { createOverview } from './overview/overview.ts';
import { createPageDenials } from './parts/page_denials.ts';
import { createSignIn } from './sign_in/sign_in.ts';
import { createWayToPages } from './way_to_pages.ts';

/** What the router's own pages are made of. */
export interface WebParts extends Omit<ListerParts, 'auth' | 'routes'> {
  readonly auth: Pick<Auth, 'viewer' | 'endpointTokens' | 'signIn'>;
  readonly routes: Pick<Routes, 'current' | 'subscribe' | 'state'>;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'denials' | 'signIns'>;
}

/** The router's own pages and its API, on the host of ROUTER_URL, or on that of ROUTER_PAGES_URL alone. */
export function createOwnPages(parts: WebParts): readonly OwnPages[] {
  const { settings, auth, routes, activity, log, metrics } = parts;
  const { ROUTER_URL: routerUrl } = settings;
  const pagesUrl = pagesUrlOf(settings);
  const { viewer, endpointTokens } = auth;
  const refuse = createPageDenials(createDenialAudit(log, metrics));
  const lister = createLister(parts);
  const tokens =
    endpointTokens === undefined
      ? undefined
      : new EndpointTokenActs({ auth, tokens: endpointTokens, routes, log });
  const guard = new ActGuard({ settings, routes, signIn: auth.signIn, log });
  const test = new ConnectivityTest({ routerUrl, routes, viewer, activity });
  const { origin } = pagesUrl;
  const wheel = clientWheel(VERSION);
  const wheelUrl = routerUrl.origin + wheelPath(wheel);
  return [
    createWheelPage(wheel),
    ...(pagesApart(settings) ? [createWayToPages(pagesUrl, auth.signIn)] : []),
    createSignIn({ ...parts, refuse }),
    createOverview({ lister, viewer, refuse, routerName: settings.ROUTER_NAME, wheelUrl }),
    createEndpointTokenPages({
      tokens,
      guard,
      viewer,
      refuse,
      routes,
      pagesUrl,
      places: placesOf(settings),
    }),
    createApi(apiOperations({ lister, test, tokens, guard, origin }), viewer, refuse, pagesUrl),
  ];
}
