import type { ClusterFacts } from '../cluster/facts.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { type Remedy, toGive } from '../config/values/remedy.ts';
import { InfraError } from '../errors.ts';

/** Networks that tasks' addresses may lie in, and where they come from. */
export interface TaskNetworks {
  readonly networks: readonly string[];
  /** True when they are the pod networks of today's nodes. */
  readonly fromNodes: boolean;
}

/**
 * `router.taskNetworks`, or else the pod networks that the nodes tell.
 *
 * @param remedies whose the message names.
 * @throws InfraError `config-invalid` when neither is there: without them a task could make the router its proxy into the
 *   rest of the network.
 */
export function taskNetworksOf(
  config: StackConfig,
  facts: ClusterFacts,
  remedies: keyof Remedy = 'command',
): TaskNetworks {
  const { taskNetworks } = config.router;
  if (taskNetworks !== undefined) return { networks: taskNetworks, fromNodes: false };
  if (facts.podNetworks.length > 0) return { networks: facts.podNetworks, fromNodes: true };
  const why =
    facts.nodes === undefined && facts.trouble !== undefined
      ? facts.trouble
      : 'the nodes have none, because the network plugin hands out addresses';
  const remedy = toGive(
    ['router', 'taskNetworks'],
    ": pulumi config set --path 'router.taskNetworks[0]' 10.244.0.0/16",
    ": ['10.244.0.0/16']",
  );
  throw new InfraError(
    'config-invalid',
    `router.taskNetworks: missing, and the pod networks could not be read from the nodes (${why}). Name the networks of ` +
      `tasks' addresses${remedy[remedies]}`,
  );
}
