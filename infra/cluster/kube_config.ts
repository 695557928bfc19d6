import { KubeConfig } from '@kubernetes/client-node';

import { InfraError, messageOf } from '../errors.ts';

/** Which cluster to ask: a kubeconfig's content, or the files that kubectl reads; and a context in it. */
export interface ClusterAddress {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
}

/**
 * The way to the cluster that config names.
 *
 * @throws InfraError `config-invalid` when there is no such kubeconfig or context; it names the contexts that are there.
 */
export function kubeConfigOf({ kubeconfig, context }: ClusterAddress): KubeConfig {
  const config = loaded(kubeconfig);
  const name = context ?? config.getCurrentContext();
  if (config.getContextObject(name) === null) {
    const known = config
      .getContexts()
      .flatMap((there) => (MADE_UP.has(there.name) ? [] : there.name));
    const [example = 'NAME'] = known;
    const where = kubeconfig === undefined ? OF_KUBECTL : 'kubernetes.kubeconfig';
    const lacks = name === '' || name === undefined ? 'current context' : `context ${name}`;
    throw new InfraError(
      'config-invalid',
      `kubernetes.context: ${where} has no ${lacks}; its contexts are ${known.join(', ') || 'none'}. Nothing was changed. ` +
        `Name the one of your cluster: pulumi config set --path kubernetes.context ${example}`,
    );
  }
  config.setCurrentContext(name);
  return config;
}

/** Contexts that the client makes up where there is no kubeconfig: `loadFromDefault` of @kubernetes/client-node. */
const MADE_UP = new Set(['loaded-context', 'inClusterContext']);

const OF_KUBECTL = 'the kubeconfig (KUBECONFIG or ~/.kube/config)';

function loaded(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromString(kubeconfig);
    return config;
  } catch (error) {
    // What a parser says of the content of config quotes it, and it is secret.
    const says =
      kubeconfig === undefined
        ? `kubernetes.context: ${OF_KUBECTL} cannot be read: ${messageOf(error)}`
        : 'kubernetes.kubeconfig: is no kubeconfig, as YAML or as JSON';
    throw new InfraError('config-invalid', `${says}. Nothing was changed.`);
  }
}
