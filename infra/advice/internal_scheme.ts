import type { StackConfig } from '../config/stack_config.ts';
import { isBehindAlb, isBehindNlb } from '../config/decisions/pod_targets.ts';

const ALB = 'alb.ingress.kubernetes.io/scheme';
const NLB = 'service.beta.kubernetes.io/aws-load-balancer-scheme';
/** The older annotation for the same. */
const NLB_INTERNAL = 'service.beta.kubernetes.io/aws-load-balancer-internal';

/**
 * Load balancers of AWS that nobody reaches from outside of their VPC, where config does not say that this is meant: they are internal
 * unless told otherwise.
 * https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#scheme and
 * https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/docs/guide/service/nlb.md ("secure by default")
 */
export function internalSchemeWarnings(config: StackConfig): readonly string[] {
  const { ingress, tcpSession } = config;
  const annotations = tcpSession?.service.annotations ?? {};
  return [
    ...(isBehindAlb(config) && !Object.hasOwn(ingress.annotations, ALB)
      ? [internal('ALB', 'ingress.annotations', ALB)]
      : []),
    ...(isBehindNlb(config) && ![NLB, NLB_INTERNAL].some((key) => Object.hasOwn(annotations, key))
      ? [internal('NLB', 'tcpSession.service.annotations', NLB)]
      : []),
  ];
}

function internal(kind: string, key: string, annotation: string): string {
  return (
    `The ${kind} is reached from its VPC alone, unless its controller was told otherwise: set ${annotation} in ${key} to internet-facing, ` +
    'or to internal if that is meant.'
  );
}
