import type { Endpoint, Upstream } from '../../routes/model/endpoint.ts';

/** One admitted request or upgrade on its way to an upstream. */
export interface ProxiedRequest {
  readonly endpoint: Endpoint;
  readonly upstream: Upstream;
  /** `/service/<id>`, `/<static path>`, or empty where the endpoint owns the whole host. */
  readonly prefix: string;
  /** Raw request-target for the upstream: begins with `/`. */
  readonly path: string;
}
