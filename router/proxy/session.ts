import type { CredentialKind, Identity } from '../auth/identity.ts';
import type { Endpoint, Upstream } from '../routes/endpoint.ts';

/** One admitted request or upgrade on its way to an upstream. */
export interface Passage {
  readonly endpoint: Endpoint;
  readonly upstream: Upstream;
  readonly identity: Identity | undefined;
  readonly credential: CredentialKind;
  /** `/service/<id>`, `/<static path>`, or empty where the endpoint owns the whole host. */
  readonly prefix: string;
  /** Raw request-target for the upstream: begins with `/`. */
  readonly path: string;
}
