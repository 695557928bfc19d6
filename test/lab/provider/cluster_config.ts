import { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';

/** Inputs of a `kubernetes.Provider` that the stand-in heeds; it refuses to guess at the others' effect, and ignores them. */
const providerInputs = z.looseObject({
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  cluster: z.string().optional(),
  namespace: z.string().optional(),
});

/** The cluster that a provider resource names: content or path of a kubeconfig, else KUBECONFIG or ~/.kube/config. */
export function clusterConfig(properties: unknown): KubeConfig {
  const { kubeconfig, context, cluster, namespace } = providerInputs.parse(properties);
  const config = new KubeConfig();
  if (kubeconfig === undefined || kubeconfig === '') config.loadFromDefault();
  else if (/[\n{]/.test(kubeconfig)) config.loadFromString(kubeconfig);
  else config.loadFromFile(kubeconfig);
  const wanted = context ?? config.getCurrentContext();
  const found = config.getContextObject(wanted);
  if (found === null) {
    const known = config.getContexts().map(({ name }) => name);
    throw new Error(
      `the kubeconfig has no context named "${wanted}"; it has: ${known.join(', ') || 'none'}`,
    );
  }
  config.setCurrentContext(wanted);
  const chosen = {
    ...found,
    ...(cluster === undefined ? {} : { cluster }),
    ...(namespace === undefined ? {} : { namespace }),
  };
  config.contexts = [...config.getContexts().filter(({ name }) => name !== wanted), chosen];
  return config;
}
