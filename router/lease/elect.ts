import { hostname } from 'node:os';
import { RouterError } from '../errors.ts';
import { inCluster } from '../kubernetes/api.ts';
import { ALONE, type Leadership } from '../routes/leader.ts';
import type { Settings } from '../settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import { createLeaseApi } from './lease_api.ts';
import { createLeaseLeadership } from './leadership.ts';

/**
 * The leadership that the settings ask for: by the Kubernetes Lease of LEASE_NAMESPACE and LEASE_NAME, or that of a process alone.
 *
 * @throws RouterError SETTINGS_INVALID when a Lease is named where there is no Kubernetes or no service account.
 */
export function createLeadership(
  settings: Pick<Settings, 'LEASE_NAMESPACE' | 'LEASE_NAME'>,
  environment: NodeJS.ProcessEnv,
  log: Log,
): Leadership {
  const { LEASE_NAMESPACE: namespace, LEASE_NAME: name } = settings;
  if (namespace === undefined || name === undefined) return ALONE;
  const place = inCluster(environment);
  if (place === undefined) {
    throw new RouterError(
      'SETTINGS_INVALID',
      'LEASE_NAME: a Lease needs Kubernetes, but KUBERNETES_SERVICE_HOST is not set; leave LEASE_NAME and LEASE_NAMESPACE away outside a cluster',
    );
  }
  try {
    const api = createLeaseApi({ ...place, namespace, name });
    return createLeaseLeadership({ api, identity: hostname(), log });
  } catch (error) {
    throw new RouterError(
      'SETTINGS_INVALID',
      `LEASE_NAME: the pod has no service account to speak to Kubernetes with: ${(error as Error).message}; set automountServiceAccountToken`,
      { cause: error },
    );
  }
}
