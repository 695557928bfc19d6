import { z } from 'zod';

import { bad, good, type Check, type Finding } from '../check.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import type { StackConfig } from '../../config/stack_config.ts';

const daemonSet = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
  }),
});

/**
 * Label of the DaemonSet that ServiceLB, the load balancer of K3s and RKE2, makes for each Service of type LoadBalancer
 * (https://github.com/k3s-io/k3s/blob/master/pkg/cloudprovider/servicelb.go).
 */
const SERVICE_LB = /^svccontroller\.\w+\.cattle\.io\/svcname$/;

/**
 * Whether two load balancers would serve the same Service. One that asks for a class is served by that class alone: who makes load
 * balancers for a cloud leaves it alone (https://kubernetes.io/docs/concepts/services-networking/service/#load-balancer-class).
 */
export function loadBalancerChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  const isServed = [config.service, config.tcpSession?.service].some(
    (service) => service?.type === 'LoadBalancer' && service.loadBalancerClass === undefined,
  );
  return isServed ? [{ title: 'load balancers', find: () => isOneAlone(reader) }] : [];
}

async function isOneAlone(reader: ClusterReader): Promise<Finding> {
  if ((await reader.read('/apis/metallb.io')) === undefined) return good('no two of them are seen');
  const daemonSets = await reader.list('/apis/apps/v1/namespaces/kube-system/daemonsets');
  const [serviceLb] = daemonSets
    .map((item) => daemonSet.parse(item).metadata)
    .filter(({ labels }) => Object.keys(labels ?? {}).some((key) => SERVICE_LB.test(key)));
  if (serviceLb === undefined) return good('MetalLB alone');
  return bad(
    `MetalLB and ServiceLB (DaemonSet kube-system/${serviceLb.name}) would both give the Service an address`,
    'Start the servers of the cluster with --disable servicelb, where MetalLB is to serve it.',
  );
}
