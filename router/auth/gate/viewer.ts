import { taskIdOf, type EndpointId } from '../../grammar/endpoint_id.ts';
import { ACCEPTED, type AccessDecisions } from '../access/access.ts';
import { authorize } from './authorize.ts';
import { readCredentials, type CookieNames, type Credential } from '../identity/credentials.ts';
import type { Denied } from './decision.ts';
import type { GateRequest } from '../identity/request.ts';
import type { Identify } from '../access/identifier.ts';
import { questionOf, routeLevel, type EndpointRights } from '../access/endpoint_rights.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteSource, StaticRoute } from '../../routes/model/table.ts';
import type { CredentialKind, Identity } from '../identity/identity.ts';
import { isNavigation } from './navigation.ts';
import { DENIALS } from './denials.ts';
import { signInPlace, type SignInPlaces } from './sign_in_redirect.ts';
import { run } from '../identity/steps.ts';

/** Who asks for a page of the router's own. */
export interface Known {
  readonly outcome: 'known';
  /** Undefined only with AUTH_ENABLED=false: then everybody may see everything. */
  readonly identity: Identity | undefined;
  readonly credential: CredentialKind;
}

/** What identifies somebody: the part of a request that does not depend on where it leads. */
export type ViewerRequest = Pick<GateRequest, 'method' | 'rawHeaders' | 'rawUrl' | 'host'>;

/** Who asks for one of the router's own pages, and what it may show them: by the credentials and the questions of the gate. */
export interface Viewer {
  /** Denied is rendered like the gate's: a redirect for a navigation, 401 otherwise. */
  readonly identify: (request: ViewerRequest) => Promise<Known | Denied>;
  /** Whether the user may use an endpoint that they named themselves: under the same budget as at the gate. */
  readonly sees: (known: Known, id: EndpointId) => Promise<boolean | Denied>;
  /** Those of these endpoints that the user may use: one call of ClearML for all tasks whose answer is not kept. */
  readonly visible: (
    known: Known,
    ids: readonly EndpointId[],
  ) => Promise<ReadonlySet<EndpointId> | Denied>;
  /** Those of these static routes by which one of their tasks lets the user in now: by the rules of the gate. */
  readonly openRoutes: (
    known: Known,
    routes: readonly StaticRoute[],
  ) => Promise<ReadonlySet<StaticRoute> | Denied>;
}

/** What a viewer is made of. */
export interface ViewerParts {
  readonly access: AccessDecisions;
  readonly rights: EndpointRights;
  readonly routes: RouteSource;
  readonly identify: Identify;
  readonly cookieNames: () => CookieNames;
  readonly places: SignInPlaces;
}

export function createViewer(parts: ViewerParts): Viewer {
  const { access, rights, routes, identify, cookieNames, places } = parts;
  const permits = (identity: Identity, id: EndpointId): boolean => {
    const endpoint = routes.current().endpoints.get(id);
    return endpoint !== undefined && rights.of(identity, endpoint) !== undefined;
  };
  return {
    identify: async (request) => {
      const credentials = readCredentials(request.rawHeaders, cookieNames());
      if (credentials.tooManyCookies) {
        return { outcome: 'denied', status: 431, reason: 'too-many-cookies' };
      }
      const may = (identity: Identity) => access.ask(identity, ACCEPTED);
      const judges = { identify: (one: Credential) => identify(one, 'own-page'), may };
      const authorization = await run(authorize(credentials, judges));
      const { verdict } = authorization;
      if (verdict === 'yes') {
        const { identity, credential } = authorization;
        return { outcome: 'known', identity, credential };
      }
      if (verdict !== 'unknown') return { outcome: 'denied', ...DENIALS[verdict] };
      const { reason } = authorization;
      if (!isNavigation({ kind: 'request', method: request.method }, credentials)) {
        return { outcome: 'denied', status: 401, reason };
      }
      const place = signInPlace(request, reason, places);
      return { outcome: 'denied', status: 302, reason, ...place };
    },
    sees: async ({ identity }, id) => {
      if (identity === undefined) return true;
      const verdict = await access.ask(identity, taskIdOf(id));
      if (verdict === 'yes') return permits(identity, id);
      if (verdict === 'no') return false;
      return { outcome: 'denied', ...DENIALS[verdict], identity };
    },
    visible: async ({ identity }, ids) => {
      if (identity === undefined) return new Set(ids);
      const visible = await access.askAll(identity, [...new Set(ids.map(taskIdOf))]);
      if (typeof visible === 'string') return { outcome: 'denied', ...DENIALS[visible], identity };
      return new Set(ids.filter((id) => visible.has(taskIdOf(id)) && permits(identity, id)));
    },
    openRoutes: async ({ identity }, asked) => {
      if (identity === undefined) return new Set(asked);
      const questionAt = (route: StaticRoute, endpoint: Endpoint) => {
        const level = routeLevel(route, endpoint);
        return level === 'public' ? ACCEPTED : questionOf(level, endpoint);
      };
      const questions = asked.flatMap((route) =>
        route.endpoints.map((endpoint) => questionAt(route, endpoint)),
      );
      const tasks = new Set(questions.filter((question) => question !== ACCEPTED));
      const visible = await access.askAll(identity, [...tasks]);
      if (typeof visible === 'string') return { outcome: 'denied', ...DENIALS[visible], identity };
      const letsIn = (route: StaticRoute, endpoint: Endpoint): boolean => {
        const question = questionAt(route, endpoint);
        const accepted = question === ACCEPTED || visible.has(question);
        return accepted && rights.ofRoute(identity, endpoint, route) !== undefined;
      };
      return new Set(
        asked.filter((route) => route.endpoints.some((endpoint) => letsIn(route, endpoint))),
      );
    },
  };
}

/** AUTH_ENABLED=false: everybody sees everything. */
export const OPEN_VIEWER: Viewer = {
  identify: async () => ({ outcome: 'known', identity: undefined, credential: 'none' }),
  sees: async () => true,
  visible: async (_known, ids) => new Set(ids),
  openRoutes: async (_known, routes) => new Set(routes),
};
