import type { StackConfig } from '../stack_config.ts';
import { minReadySeconds } from './aws_targets.ts';
import { endSeconds } from './shutdown_delay.ts';

/** Seconds after the drain in which the process closes what is left. */
const CLOSE_SECONDS = 10;
/** From the end of the deadline until the cluster has said so, and Pulumi has read it. */
const TOLD_SECONDS = 5;
/** Pods of a rollout start one after another; what a healthy one needs, with some to spare. */
const POD_SECONDS = 20;

/** How long parts of a rollout may take, in seconds. */
export interface RolloutLimits {
  /** From the request to end until a pod is killed. */
  readonly grace: number;
  /** From ready until a pod counts as available. */
  readonly minReady: number;
  /** Without a pod that is done for so long, the cluster calls the rollout stuck. */
  readonly progressDeadline: number;
  /** How long `pulumi up` waits for all of it. Pulumi reports a stuck rollout only when its own wait is over. */
  readonly wait: number;
}

/** The limits of this stack's rollouts. */
export function rolloutLimits(config: StackConfig): RolloutLimits {
  const { autoscaling, leaderElection, progressDeadlineSeconds, replicas } = config.availability;
  const grace = endSeconds(config) + CLOSE_SECONDS;
  const minReady = minReadySeconds(config);
  // Without an election the old pod has to be gone before the new one starts, and nothing is done meanwhile.
  const progressDeadline = progressDeadlineSeconds + minReady + (leaderElection ? 0 : grace);
  const pods = autoscaling?.maxReplicas ?? replicas;
  const wait = Math.max(progressDeadline + TOLD_SECONDS, pods * (POD_SECONDS + minReady));
  return { grace, minReady, progressDeadline, wait };
}
