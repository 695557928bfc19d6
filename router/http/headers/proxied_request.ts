import type { HostCookies } from './host_cookies.ts';
import type { Endpoint, Upstream } from '../../routes/model/endpoint.ts';

/** One admitted request or upgrade on its way to an upstream. */
export interface ProxiedRequest {
  readonly endpoint: Endpoint;
  readonly upstream: Upstream;
  /** `/service/<id>`, `/<static path>`, or empty where the endpoint owns the whole host. */
  readonly prefix: string;
  /** What the task's own paths begin with, since it keeps its prefix; mostly empty. No slash at the end. */
  readonly base: string;
  /** Raw request-target for the upstream: begins with `/`, and below `base`. */
  readonly path: string;
  readonly hostCookies: HostCookies;
}
