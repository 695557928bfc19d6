import type { StackConfig } from '../stack_config.ts';
import { areAwsTargets } from './pod_targets.ts';

/**
 * In a namespace with this label the AWS Load Balancer Controller gives new pods a readiness gate: they count as ready once their target
 * is healthy, so that a rollout ends no old pod before. Only pods that are made after their target group get it.
 * https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/
 */
export const READINESS_GATE_LABEL = 'elbv2.k8s.aws/pod-readiness-gate-inject';

/** Two health checks of an ALB, 15 seconds apart, which is what it asks of a new target. */
const REGISTRATION_SECONDS = 30;

/** Labels of a namespace that is created; those of config win. */
export function namespaceLabels(config: StackConfig): Readonly<Record<string, string>> {
  const gate = areAwsTargets(config) ? { [READINESS_GATE_LABEL]: 'enabled' } : {};
  return { ...gate, ...config.namespace.labels };
}

/** How long a new pod has to be ready before an old one ends, in seconds: pods without a readiness gate give their targets that time. */
export function minReadySeconds(config: StackConfig): number {
  return config.availability.minReadySeconds ?? (areAwsTargets(config) ? REGISTRATION_SECONDS : 0);
}
