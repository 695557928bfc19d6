import { z } from 'zod';

import type { Check, Finding } from '../checks/check.ts';
import type { ClusterReader } from '../cluster/reader.ts';
import type { StackConfig } from '../config/schema.ts';
import { exposureOf } from '../exposure/exposure.ts';
import { namesOf } from '../names.ts';

const labelled = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()).optional() }),
});

/** Whether the names that are not generated are free, or this program's own from an earlier `up`. */
export function clashChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  return [{ title: 'names', find: () => namesAreFree(config, reader) }];
}

async function namesAreFree(config: StackConfig, reader: ClusterReader): Promise<Finding> {
  const { labels, router } = namesOf(config.router.name);
  const foreign: string[] = [];
  const own: string[] = [];
  for (const [kind, path] of namedObjects(config)) {
    const object = await reader.read(path);
    if (object === undefined) continue;
    const found = labelled.parse(object).metadata.labels ?? {};
    const isOwn = Object.entries(labels).every(([key, value]) => found[key] === value);
    const by = found['app.kubernetes.io/managed-by'];
    const name = `${kind} ${path.split('/').at(-1) ?? ''}`;
    if (isOwn) own.push(name);
    else foreign.push(by === undefined ? name : `${name} (managed by ${by})`);
  }
  if (foreign.length > 0) {
    return {
      outcome: 'bad',
      says: `taken by others: ${foreign.join(', ')}`,
      fix: 'Set router.name to another name, or remove what is there.',
    };
  }
  if (own.length === 0) return { outcome: 'good', says: `${router} is free` };
  return {
    outcome: 'unsure',
    says: `there are already: ${own.join(', ')}`,
    fix: 'Good when they are from an earlier pulumi up of this stack; else another stack has the name: set router.name.',
  };
}

/** Kind and path of what has a name that is given and not generated. */
function namedObjects(config: StackConfig): readonly (readonly [kind: string, path: string])[] {
  const { router, tcp } = namesOf(config.router.name);
  const namespace = config.namespace.name;
  const at = (api: string, resource: string, name: string): string =>
    `/${api}/namespaces/${namespace}/${resource}/${name}`;
  const isSplit = config.tcpSession?.service.portsPerService !== undefined;
  return [
    ['Deployment', at('apis/apps/v1', 'deployments', router)],
    ['Service', at('api/v1', 'services', router)],
    ...(config.tcpSession === undefined
      ? []
      : [
          [
            'Service',
            at('api/v1', 'services', isSplit ? `${tcp}-${config.tcpSession.portRange.start}` : tcp),
          ] as const,
        ]),
    ...(exposureOf(config) === 'ingress'
      ? [['Ingress', at('apis/networking.k8s.io/v1', 'ingresses', router)] as const]
      : []),
    ...(config.availability.leaderElection
      ? [
          ['ServiceAccount', at('api/v1', 'serviceaccounts', router)] as const,
          ['Lease', at('apis/coordination.k8s.io/v1', 'leases', router)] as const,
        ]
      : []),
    ...(config.networkPolicy.enabled
      ? [['NetworkPolicy', at('apis/networking.k8s.io/v1', 'networkpolicies', router)] as const]
      : []),
  ];
}
