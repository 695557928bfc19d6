import type { EndpointId } from '../routes/endpoint.ts';
import type { OwnRequest } from '../web/own_pages.ts';
import type { Denied } from './decision.ts';
import type { Identity } from './identity.ts';

/** Who asks for a page of the router's own. */
export interface Known {
  readonly outcome: 'known';
  /** Undefined only with AUTH_ENABLED=false: then everybody may see everything. */
  readonly identity: Identity | undefined;
}

/** Whose page is it, and what may stand on it: the same credentials and the same questions as the gate's. */
export interface Viewer {
  /** Denied is rendered like the gate's: a redirect for a navigation, 401 otherwise. */
  readonly identify: (request: OwnRequest) => Promise<Known | Denied>;
  /** Those of these endpoints whose task the user may see in ClearML: one call for all that are not cached. */
  readonly visible: (
    known: Known,
    ids: readonly EndpointId[],
  ) => Promise<ReadonlySet<EndpointId> | Denied>;
}
