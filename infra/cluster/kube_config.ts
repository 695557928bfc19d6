import { KubeConfig } from '@kubernetes/client-node';

import { InfraError } from '../errors.ts';

/** Which cluster to ask: a kubeconfig's content, or the files that kubectl reads; and a context in it. */
export interface ClusterAddress {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/**
 * The way to the cluster that config names.
 *
 * @throws InfraError `cluster-unreachable` when the kubeconfig has no such context; it names those that are there.
 */
export function kubeConfigOf({ kubeconfig, context }: ClusterAddress): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromString(kubeconfig);
  if (context === undefined) return config;
  if (config.getContextObject(context) === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new InfraError(
      'cluster-unreachable',
      `no context ${context} in the kubeconfig (${known.join(', ')})`,
    );
  }
  config.setCurrentContext(context);
  return config;
}
