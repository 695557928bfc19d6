import type { StackConfig } from '../stack_config.ts';
import { minReadySeconds } from './aws_targets.ts';
import { endSeconds } from './shutdown_delay.ts';

/** Seconds after the drain in which the process closes what is left. */
const CLOSE_SECONDS = 10;
/** From the end of the deadline until the cluster has said so, and Pulumi has read it. */
const TOLD_SECONDS = 5;
/** What a healthy pod needs to start, with some to spare. */
const POD_SECONDS = 20;
/**
 * Of the pods start at once, in per cent, rounded up to a whole pod, which is Kubernetes' own default: it holds the turns of a rollout to
 * four, however many pods there are. https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#max-surge
 */
const SURGE_PERCENT = 25;

/** How long parts of a rollout may take, in seconds. */
export interface RolloutLimits {
  /** From the request to end until a pod is killed. */
  readonly grace: number;
  /** From ready until a pod counts as available. */
  readonly minReady: number;
  /** How many pods start at once, beside those that are there: a number, or a share of all. */
  readonly surge: number | `${number}%`;
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
  const atOnce = Math.ceil((pods * SURGE_PERCENT) / 100);
  const turns = Math.ceil(pods / atOnce);
  const wait = Math.max(progressDeadline + TOLD_SECONDS, turns * (POD_SECONDS + minReady));
  // An autoscaler says how many pods a share is of.
  const surge = atOnce === 1 ? 1 : (`${SURGE_PERCENT}%` as const);
  return { grace, minReady, surge, progressDeadline, wait };
}
