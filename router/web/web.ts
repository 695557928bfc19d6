import type { Auth } from '../auth/auth.ts';
import { createDenialAudit } from '../auth/gate/denial_audit.ts';
import type { TaskPods } from '../routes/asks/task_pods.ts';
import type { Routes } from '../routes/routes.ts';
import { endpointPlaces, pagesApart, pagesUrlOf } from '../settings/urls.ts';
import type { ClearMl, ClearmlTasks } from '../clearml/clearml.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { ActGuard } from './acts/act_guard.ts';
import { createApi } from './api/api.ts';
import { Asking } from './asking/asking.ts';
import { createAskingPages } from './asking/pages.ts';
import { clientWheel } from './client/client_wheel.ts';
import { createWheelPage, wheelPath } from './client/wheel_page.ts';
import { VERSION } from '../version.ts';
import { Keeping } from './api/keeping.ts';
import { ConnectivityTest } from './api/connectivity_test.ts';
import { DeviceActs } from './device/acts.ts';
import { createCodeRequests } from './device/code_requests.ts';
import { createDevicePages } from './device/pages.ts';
import { SshLogin } from './device/ssh_login.ts';
import { EndpointTokenActs } from './endpoint_tokens/acts.ts';
import { createEndpointTokenPages } from './endpoint_tokens/pages.ts';
import { createLister, type ListerParts } from './overview/lister.ts';
import { apiOperations } from './api/operations.ts';
import { GrantActs } from './sharing/acts.ts';
import { GuestActs } from './sharing/guest_acts.ts';
import { GuestPages } from './sharing/guest_pages.ts';
import { LinkActs } from './sharing/link_acts.ts';
import { createLinkPages } from './sharing/link_pages.ts';
import { createSharingPages } from './sharing/pages.ts';
import { People } from './sharing/people.ts';
import type { OwnPages } from '../pages/own_pages.ts';
import { createOverview } from './overview/overview.ts';
import { createPageDenials } from './parts/page_denials.ts';
import { createSignIn } from './sign_in/sign_in.ts';
import { createWayToPages } from './way_to_pages.ts';

/** What the router's own pages are made of. */
export interface WebParts extends Omit<ListerParts, 'auth' | 'routes'> {
  readonly auth: Pick<
    Auth,
    'viewer' | 'endpointTokens' | 'devices' | 'levels' | 'sharing' | 'signIn'
  >;
  readonly routes: Pick<Routes, 'current' | 'subscribe' | 'state' | 'stampedUse'>;
  readonly clearml: ClearmlTasks & Pick<ClearMl, 'users'>;
  /** Where tasks listen; undefined where VERIFY_TASK_PODS is not set. */
  readonly taskPods: Pick<TaskPods, 'ownAddress'> | undefined;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'denials' | 'signIns'>;
  /** Monotonic milliseconds, by which what each user may do comes back; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** The router's own pages and its API, on the host of ROUTER_URL, or on that of ROUTER_PAGES_URL alone. */
export function createOwnPages(parts: WebParts): readonly OwnPages[] {
  const { settings, auth, routes, clearml, activity, taskPods, log, metrics, now } = parts;
  const { ROUTER_URL: routerUrl } = settings;
  const pagesUrl = pagesUrlOf(settings);
  const { viewer, endpointTokens } = auth;
  const refuse = createPageDenials(createDenialAudit(log, metrics));
  const lister = createLister(parts);
  const tokens =
    endpointTokens === undefined
      ? undefined
      : new EndpointTokenActs({ auth, tokens: endpointTokens, routes, log, now });
  const people = new People({ clearml, now });
  const sharing = auth.sharing &&
    auth.levels && { sharing: auth.sharing, rights: auth.levels.rights };
  const grants =
    sharing && new GrantActs({ ...sharing, people, viewer, routes, settings, log, now });
  const guests = sharing?.sharing.guests;
  const guestActs =
    guests && new GuestActs({ ...sharing, guests, routes, places: endpointPlaces(settings), log });
  const guard = new ActGuard({ settings, routes, signIn: auth.signIn, log });
  const test = new ConnectivityTest({ routerUrl, routes, viewer, activity, now });
  const keeping = new Keeping({ routes, viewer, activity, log });
  const asking = new Asking({ settings, tasks: clearml, pods: taskPods, log, now });
  const { devices } = auth;
  const deviceActs = devices && new DeviceActs({ devices, log, now });
  const ssh = new SshLogin({ tasks: clearml, routes });
  const { origin } = pagesUrl;
  const wheel = clientWheel(VERSION);
  const wheelUrl = routerUrl.origin + wheelPath(wheel);
  return [
    createWheelPage(wheel),
    ...(pagesApart(settings) ? [createWayToPages(pagesUrl, auth.signIn)] : []),
    createSignIn({ ...parts, refuse }),
    createOverview({
      lister,
      viewer,
      refuse,
      routerName: settings.ROUTER_NAME,
      wheelUrl,
      routerUrl: origin,
    }),
    createEndpointTokenPages({
      tokens,
      guard,
      viewer,
      refuse,
      routes,
      pagesUrl,
      places: endpointPlaces(settings),
    }),
    createSharingPages({
      acts: grants,
      guard,
      viewer,
      refuse,
      routes,
      pagesUrl,
      settings,
    }),
    createAskingPages({ asking, guard, viewer, refuse, pagesUrl }),
    createDevicePages({ acts: deviceActs, guard, viewer, refuse, pagesUrl }),
    createCodeRequests({
      devices,
      origin,
      addressKnown: settings.TRUSTED_PROXIES.length > 0,
      now,
    }),
    createLinkPages({
      acts: sharing && new LinkActs({ ...sharing, routes, settings, log, now }),
      cookies: auth.signIn?.places.cookies,
      guests: guests && guestActs && new GuestPages({ acts: guestActs, guests, refuse, pagesUrl }),
      viewer,
      refuse,
      places: endpointPlaces(settings),
      pagesUrl,
    }),
    createApi(
      apiOperations({
        lister,
        test,
        keeping,
        asking,
        tokens,
        grants,
        people,
        ssh,
        guard,
        origin,
        now,
      }),
      viewer,
      refuse,
      pagesUrl,
    ),
  ];
}
