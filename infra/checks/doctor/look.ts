import type { KubeConfig } from '@kubernetes/client-node';

import { bad, good, type Check, type Finding } from '../check.ts';
import { type ClusterFacts, factsOf } from '../../cluster/facts.ts';
import { questionsOf } from '../../cluster/stack_questions.ts';
import { told } from '../../config/reading/read.ts';
import { settledOr } from '../../config/reading/settle.ts';
import type { StackConfig } from '../../config/stack_config.ts';

/** A stack's config as `pulumi up` takes it in its cluster, and what the cluster told. */
export interface Look {
  /** As it is written, where it does not fit the cluster or that told too little. */
  readonly config: StackConfig;
  readonly facts: ClusterFacts;
  /** Whether platform and config fit; none where the cluster did not answer at all. */
  readonly checks: readonly Check[];
}

/** Asks the cluster what the program asks it, and takes defaults from it. */
export async function lookAtCluster(config: StackConfig, cluster: KubeConfig): Promise<Look> {
  const facts = await factsOf(cluster, questionsOf(config));
  if (facts.version === undefined) return { config, facts, checks: [] };
  const { problems, settled } = settledOr(config, facts);
  if (settled === undefined) {
    const says = problems
      .map((problem) => `${problem.path.join('.')}: ${told(problem)}`)
      .join('; ');
    return { config, facts, checks: [platformCheck(bad(says, 'Set the keys that it names.'))] };
  }
  const { platform, reason } = settled.found;
  return {
    config: settled,
    facts,
    checks: [platformCheck(good(`${platform.title}: ${reason}`))],
  };
}

function platformCheck(finding: Finding): Check {
  return { title: 'platform', find: () => Promise.resolve(finding) };
}
