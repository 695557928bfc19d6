import { Provider } from '@pulumi/kubernetes';
import { type Output, Stash } from '@pulumi/pulumi';

import type { StackConfig } from '../config/stack_config.ts';
import { hidden } from '../secrets/hidden.ts';
import type { ClusterFacts } from './facts.ts';
import { identityOf } from './identity.ts';

/**
 * The provider of every object, for the cluster that the stack is for.
 *
 * It is given the cluster's identity: without one, another spelling of the cluster's URL in a kubeconfig is another cluster to it,
 * and all objects are to be replaced (`DiffConfig` of pulumi-kubernetes).
 *
 * @throws InfraError `cluster-another` where config leads to another cluster than the stack's first run did.
 */
export async function clusterProvider(config: StackConfig, facts: ClusterFacts): Promise<Provider> {
  const identity = identityOf(config, facts, await firstUid(facts.uid));
  const { context, kubeconfig } = config.kubernetes;
  return new Provider('cluster', {
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig: hidden(kubeconfig) }),
    ...(identity === undefined ? {} : { clusterIdentifier: identity }),
    // A ConfigMap with a name of its own would be deleted before it is made anew, and the Deployment that mounts it with it.
    // Those that are immutable have generated names, and so have all Secrets: a changed one is another one, made first.
    enableConfigMapMutable: true,
  });
}

/**
 * The uid that the cluster had in the stack's first run; empty where it could not be asked then. A stack has no other memory than
 * its state: a stash keeps the value that it was made with, whatever later runs say.
 * https://www.pulumi.com/docs/iac/concepts/resources/stash/
 */
function firstUid(uid: string | undefined): Promise<string> {
  const { output } = new Stash('cluster-uid', { input: uid ?? '' }) as { output: Output<unknown> };
  return new Promise((resolve) => {
    output.apply((first) => {
      resolve(typeof first === 'string' ? first : '');
    });
  });
}
