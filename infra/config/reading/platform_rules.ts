import type { SettledConfig } from '../decisions/found.ts';
import { policyRules } from './policy_rules.ts';
import { loadBalancerRules } from '../sections/tcp_session.ts';
import type { Rule } from '../values/problem.ts';

/** Whether the TCP range fits what carries it. */
function tcpProblems({ tcpSession }: SettledConfig) {
  if (tcpSession === undefined) return [];
  return loadBalancerRules
    .flatMap((rule) => rule(tcpSession))
    .map(({ message, path }) => ({ path: ['tcpSession', ...path], message }));
}

/** Rules about config and what is known of the cluster. */
export const platformRules: readonly Rule<SettledConfig>[] = [tcpProblems, ...policyRules];
