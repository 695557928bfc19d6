import type { ConfigMap } from '@pulumi/pulumi/automation/index.js';

import type { ClearMl } from '../clearml/server.ts';
import { credentials } from '../clearml/seed.ts';
import type { Target } from './target.ts';

export const PROJECT = 'task-traffic-router';
export const STACK = 'local';

/** Names of what a run puts into a cluster; no real deployment of the router has them. */
export const ROUTER_NAMESPACE = 'task-traffic-router-lab';
export const TASK_NAMESPACE = 'task-traffic-router-lab-tasks';
export const ROUTER_NAME = 'task-router';

/** A range of TCP ports, both ends inclusive. */
export interface PortRange {
  readonly start: number;
  readonly end: number;
}

/** Ports that the router of the lab hands out. */
export const PORT_RANGE: PortRange = { start: 30400, end: 30409 };

/** What the stack's config is made of. */
export interface StackInputs {
  readonly target: Target;
  /** URL of the ClearML API server, as pods reach it. */
  readonly clearml: Pick<ClearMl, 'url' | 'signingKey'>;
  /** URL that users open. */
  readonly url: string;
}

/** The config of the lab's stack: what a user would set with `pulumi config set --path`, secrets with `--secret`. */
export function stackConfig({ target, clearml, url }: StackInputs): ConfigMap {
  const { exposure, kubeconfig, context } = target;
  const values: Record<string, { value: string; secret?: boolean }> = {
    'clearml.apiServerUrlReference': { value: clearml.url },
    'clearml.apiServerKey': { value: credentials.router.accessKey, secret: true },
    'clearml.apiServerSecret': { value: credentials.router.secretKey, secret: true },
    'clearml.jwksKey': { value: clearml.signingKey.base64url, secret: true },
    'ingress.hostName': { value: url },
    'ingress.enabled': { value: String(exposure.kind === 'ingress') },
    'tcpSession.portRange.start': { value: String(PORT_RANGE.start) },
    'tcpSession.portRange.end': { value: String(PORT_RANGE.end) },
    'tcpSession.waitSeconds': { value: '60' },
    'namespace.name': { value: ROUTER_NAMESPACE },
    // Where a Service of the run's own leads to the router, it has to be there first, for its address.
    'namespace.create': { value: String(exposure.kind === 'ingress') },
    'router.name': { value: ROUTER_NAME },
    'router.drainSeconds': { value: '5' },
    'kubernetes.context': { value: context },
  };
  if (exposure.kind === 'ingress') values['ingress.className'] = { value: exposure.className };
  if (kubeconfig !== undefined) {
    values['kubernetes.kubeconfig'] = { value: kubeconfig, secret: true };
  }
  return Object.fromEntries(
    Object.entries(values).map(([path, value]) => [`${PROJECT}:${path}`, value]),
  );
}
