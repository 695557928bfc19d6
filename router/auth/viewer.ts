import type { EndpointId } from '../routes/endpoint.ts';
import type { AccessDecisions } from './access.ts';
import { ACCEPTED } from './access.ts';
import { authorize } from './authorize.ts';
import type { CookieNames, Credential } from './credentials.ts';
import { readCredentials } from './credentials.ts';
import type { Denied, GateRequest } from './decision.ts';
import type { Identify } from './identifier.ts';
import type { Identity } from './identity.ts';
import { isNavigation } from './navigation.ts';
import { REFUSALS } from './refusals.ts';
import type { SignInPlaces } from './sign_in_redirect.ts';
import { signInPlace } from './sign_in_redirect.ts';
import { run } from './steps.ts';

/** Who asks for a page of the router's own. */
export interface Known {
  readonly outcome: 'known';
  /** Undefined only with AUTH_ENABLED=false: then everybody may see everything. */
  readonly identity: Identity | undefined;
}

/** What identifies somebody: the part of a request that does not depend on where it leads. */
export type ViewerRequest = Pick<GateRequest, 'method' | 'rawHeaders' | 'rawUrl' | 'host'>;

/** Whose page is it, and what may stand on it: the same credentials and the same questions as the gate's. */
export interface Viewer {
  /** Denied is rendered like the gate's: a redirect for a navigation, 401 otherwise. */
  readonly identify: (request: ViewerRequest) => Promise<Known | Denied>;
  /** Whether the user may see the task of an endpoint that they named themselves: under the same budget as at the gate. */
  readonly sees: (known: Known, id: EndpointId) => Promise<boolean | Denied>;
  /** Those of these endpoints whose task the user may see in ClearML: one call for all that are not cached. */
  readonly visible: (
    known: Known,
    ids: readonly EndpointId[],
  ) => Promise<ReadonlySet<EndpointId> | Denied>;
}

/** What a viewer judges with. */
export interface ViewerParts {
  readonly access: AccessDecisions;
  readonly identify: Identify;
  readonly cookieNames: () => CookieNames;
  readonly places: SignInPlaces;
}

const TASK_ID_LENGTH = 32;

export function createViewer({ access, identify, cookieNames, places }: ViewerParts): Viewer {
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
      if (verdict === 'yes') return { outcome: 'known', identity: authorization.identity };
      if (verdict !== 'unknown') return { outcome: 'denied', ...REFUSALS[verdict] };
      const { reason } = authorization;
      if (!isNavigation({ kind: 'request', method: request.method }, credentials)) {
        return { outcome: 'denied', status: 401, reason };
      }
      const place = signInPlace(request, reason, places);
      return { outcome: 'denied', status: 302, reason, ...place };
    },
    sees: async ({ identity }, id) => {
      if (identity === undefined) return true;
      const verdict = await access.ask(identity, id.slice(0, TASK_ID_LENGTH));
      if (verdict === 'yes' || verdict === 'no') return verdict === 'yes';
      if (verdict !== 'revoked') return { outcome: 'denied', ...REFUSALS[verdict], identity };
      return { outcome: 'denied', status: 401, reason: 'token-revoked', identity };
    },
    visible: async ({ identity }, ids) => {
      if (identity === undefined) return new Set(ids);
      const tasks = new Set(ids.map((id) => id.slice(0, TASK_ID_LENGTH)));
      const visible = await access.askAll(identity, [...tasks]);
      if (visible === 'unavailable') return { outcome: 'denied', ...REFUSALS.unavailable };
      if (visible === 'revoked') {
        return { outcome: 'denied', status: 401, reason: 'token-revoked', identity };
      }
      return new Set(ids.filter((id) => visible.has(id.slice(0, TASK_ID_LENGTH))));
    },
  };
}

/** AUTH_ENABLED=false: everybody sees everything. */
export const OPEN_VIEWER: Viewer = {
  identify: async () => ({ outcome: 'known', identity: undefined }),
  sees: async () => true,
  visible: async (_known, ids) => new Set(ids),
};
