import type { SettledConfig } from '../config/decisions/found.ts';
import { endSeconds } from '../config/decisions/shutdown_delay.ts';

/**
 * `--max-graceful-termination-sec` of the cluster autoscaler, unless somebody set it:
 * https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md#what-are-the-parameters-to-ca
 */
const AUTOSCALER_SECONDS = 600;

/** What deserves a second look about how long sessions outlive their pod. */
export function drainWarnings(config: SettledConfig): readonly string[] {
  const longest = config.found.platform.longestDrainSeconds ?? AUTOSCALER_SECONDS;
  const asked = endSeconds(config);
  if (asked <= longest) return [];
  return [
    `A pod that ends takes ${asked} seconds (router.drainSeconds and the delay before it), but an autoscaler of nodes that removes its ` +
      `node ends it after ${longest}, unless it was told otherwise (max-graceful-termination-sec).`,
  ];
}
