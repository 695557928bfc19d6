import { awsNlb, isOfAwsController } from '../../platform/eks.ts';
import { namesOf } from '../../names.ts';
import type { SettledConfig } from '../decisions/found.ts';
import { mayRunOn } from '../decisions/pods.ts';
import { tcpAnnotations } from '../decisions/tcp_annotations.ts';
import { loadBalancerRules, nodePortProblems } from '../sections/tcp_session.ts';
import type { Problem, Rule } from '../values/problem.ts';
import { policyRules } from './policy_rules.ts';
import { clusterLimits } from './cluster_limits.ts';

/** Whether the TCP range fits what carries it. */
function tcpProblems({ found, tcpSession }: SettledConfig): readonly Problem[] {
  if (tcpSession === undefined) return [];
  const orElse = found.nodePortsAreFound
    ? ''
    : '; where the API server has others (its --service-node-port-range), say which in tcpSession.service.nodePortRange';
  const ofNodes =
    tcpSession.service.nodePortRange === undefined
      ? nodePortProblems(tcpSession, found.nodePorts, orElse)
      : [];
  return [...ofNodes, ...loadBalancerRules.flatMap((rule) => rule(tcpSession))].map(
    ({ message, path }) => ({ path: ['tcpSession', ...path], message }),
  );
}

/**
 * A load balancer that is there, and would be left behind without an owner: what decides whether the AWS Load Balancer Controller has it
 * changes in place. Another class replaces the Service, whose owner takes the old one away.
 */
function abandonedBalancerProblems({ found, router, tcpSession }: SettledConfig): Problem[] {
  const { tcpService } = found;
  const isAsked = tcpService !== undefined && tcpService !== 'none';
  if (tcpSession?.service.type !== 'LoadBalancer' || !isAsked) return [];
  // A class that config does not name is left as it is; the controller itself gives new Services one.
  const { loadBalancerClass = tcpService.loadBalancerClass } = tcpSession.service;
  if (loadBalancerClass !== tcpService.loadBalancerClass) return [];
  const annotations = tcpAnnotations(tcpSession, namesOf(router.name).tcp);
  const isOfAws = isOfAwsController(tcpService);
  if (isOfAws === isOfAwsController({ ...tcpService, annotations })) return [];
  const [kind, kept] = isOfAws
    ? ['of the AWS Load Balancer Controller', awsNlb.name]
    : ['of another kind', 'other'];
  const message =
    `Service ${tcpService.name} has a load balancer ${kind}, which AWS would leave behind, and bill, when this changes; remove ` +
    `tcpSession, run pulumi up, and put it back (it gets another address), or keep that load balancer: ${kept}`;
  return [{ path: ['tcpSession', 'service', 'platform'], message }];
}

/** Whether the node port of HTTP is one that the cluster gives, where that is known: no key of its section says it. */
function httpNodePortProblems({ found, service, tcpSession }: SettledConfig): Problem[] {
  const { nodePort } = service;
  const range =
    tcpSession?.service.nodePortRange ?? (found.nodePortsAreFound ? found.nodePorts : undefined);
  if (nodePort === undefined || range === undefined) return [];
  if (nodePort >= range.start && nodePort <= range.end) return [];
  const message = `lies outside of the node ports of the cluster, ${range.start} to ${range.end}`;
  return [{ path: ['service', 'nodePort'], message }];
}

/** Whether there is a pod on each node that users may be led to, where nodes without one turn them away. */
function localProblems({ availability, found, pod, tcpSession }: SettledConfig): Problem[] {
  const { externalTrafficPolicy: policy, type } = tcpSession?.service ?? {};
  if (type !== 'NodePort' || policy !== 'Local' || pod.affinity !== undefined) return [];
  const pods = availability.autoscaling?.minReplicas ?? availability.replicas;
  const nodes = found.nodes?.filter(({ labels }) => mayRunOn(pod, labels)).length;
  const isChosen = Object.keys(pod.nodeSelector).length > 0;
  if (nodes === undefined ? isChosen : nodes <= pods) return [];
  const where = nodes === undefined ? 'any node' : `any of ${nodes} nodes`;
  const message =
    `Local turns users away at nodes without a pod of the router, and ${pods === 1 ? 'the one pod' : `${pods} pods`} may run on ` +
    `${where}; set pod.nodeSelector to the labels of the nodes behind tcpSession.routerAddress (kubernetes.io/hostname: NODE for one), ` +
    'have a pod for each (availability.replicas), or use Cluster';
  return [{ path: ['tcpSession', 'service', 'externalTrafficPolicy'], message }];
}

/** Rules about config and what is known of the cluster. */
export const platformRules: readonly Rule<SettledConfig>[] = [
  tcpProblems,
  abandonedBalancerProblems,
  httpNodePortProblems,
  localProblems,
  ...clusterLimits,
  ...policyRules,
];
