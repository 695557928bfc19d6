import { z } from 'zod';

import { bad, good, unsure, type Check, type Finding } from '../check.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { exposureOf } from '../../config/decisions/exposure.ts';
import { namesOf } from '../../names.ts';

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
    return bad(
      `taken by others: ${foreign.join(', ')}`,
      'Set router.name to another name, or remove what is there.',
    );
  }
  if (own.length === 0) return good(`${router} is free`);
  return unsure(
    `there are already: ${own.join(', ')}`,
    'Good when they are from an earlier pulumi up of this stack; else another stack has the name: set router.name.',
  );
}

/** Kind and path of what has a name that is given and not generated. */
function namedObjects(config: StackConfig): readonly (readonly [kind: string, path: string])[] {
  const { router, tcp } = namesOf(config.router.name);
  const { availability, networkPolicy, tcpSession } = config;
  const isSplit = tcpSession?.service.portsPerService !== undefined;
  const tcpName = isSplit ? `${tcp}-${tcpSession.portRange.start}` : tcp;
  const objects = [
    [true, 'Deployment', 'apis/apps/v1', 'deployments', router],
    [true, 'Service', 'api/v1', 'services', router],
    [tcpSession !== undefined, 'Service', 'api/v1', 'services', tcpName],
    [exposureOf(config) === 'ingress', 'Ingress', 'apis/networking.k8s.io/v1', 'ingresses', router],
    [availability.leaderElection, 'ServiceAccount', 'api/v1', 'serviceaccounts', router],
    [availability.leaderElection, 'Lease', 'apis/coordination.k8s.io/v1', 'leases', router],
    [
      networkPolicy.enabled,
      'NetworkPolicy',
      'apis/networking.k8s.io/v1',
      'networkpolicies',
      router,
    ],
  ] as const;
  return objects
    .filter(([isMade]) => isMade)
    .map(([, kind, api, resource, name]) => [
      kind,
      `/${api}/namespaces/${config.namespace.name}/${resource}/${name}`,
    ]);
}
