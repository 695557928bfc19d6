import { type Output, output, runtime, unsecret } from '@pulumi/pulumi';

import { runsTheSame } from '../cluster/running.ts';
import { repairOf } from './repair.ts';

/** A Deployment as the engine knows it after its turn. */
export interface KnownDeployment {
  readonly metadata: Output<{ readonly name: string; readonly namespace: string }>;
  readonly spec: Output<unknown>;
}

/**
 * What to do where the cluster does not run what the stack's state says, though the update found nothing to do or succeeded: an update
 * before it was cut off, and the engine compares with the state alone. None in a preview, which has not been there yet, and where the
 * cluster cannot be asked.
 *
 * @param ask finds the Deployment of that name that the cluster has; undefined where there is none.
 */
export function leftBehindSteps(
  { metadata, spec }: KnownDeployment,
  ask: (namespace: string, name: string) => Promise<unknown>,
  stack: string,
): Output<readonly string[]> {
  // Here, and not once both are known: what a preview does not know yet would hide all steps from it.
  if (runtime.isDryRun()) return output([]);
  // No step holds anything of the pods, which may hold what is secret.
  return unsecret(output([metadata, spec] as const)).apply(async ([{ name, namespace }, known]) => {
    try {
      const live = await ask(namespace, name);
      if (live !== undefined && runsTheSame(live, { spec: known })) return [];
    } catch {
      return [];
    }
    return [
      "The cluster does not run what the stack's state says, as after an interrupted up, and up alone does not mend that: " +
        repairOf(stack),
    ];
  });
}
