import { fileURLToPath } from 'node:url';
import type { Certificate } from '../../lab/certificate.ts';
import type { LeaseServer } from './lease_server.ts';

/** Loaded before a router process that is to take itself for a pod. */
export const AS_POD = fileURLToPath(new URL('as_pod.ts', import.meta.url));

/** What makes a router process take itself for a pod that elects by a Lease. */
export interface Pod {
  readonly settings: Readonly<Record<string, string>>;
  /** Arguments of Node, before the program. */
  readonly nodeOptions: readonly string[];
}

/**
 * A pod of this name beside others of the Lease "router".
 *
 * @param certificate that of the server.
 * @param tokenFile holds the token of the server.
 */
export function podOf(
  name: string,
  { port }: LeaseServer,
  { certFile }: Certificate,
  tokenFile: string,
): Pod {
  const settings = {
    LEASE_NAMESPACE: 'clearml',
    LEASE_NAME: 'router',
    // By its name: an address given here is one that no task may have, and tasks live on this machine, too.
    KUBERNETES_SERVICE_HOST: 'localhost',
    KUBERNETES_SERVICE_PORT: String(port),
    POD_NAME: name,
    POD_CA_FILE: certFile,
    POD_TOKEN_FILE: tokenFile,
  };
  return { settings, nodeOptions: ['--import', AS_POD] };
}
