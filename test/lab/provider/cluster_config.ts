import { type Cluster, KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';

/** Settings reach a provider as texts. */
const setting = z.union([z.boolean(), z.string()]).transform((value) => String(value) === 'true');

/** Inputs of a `kubernetes.Provider` that the stand-in heeds; it refuses to guess at the others' effect, and ignores them. */
const providerInputs = z.looseObject({
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  cluster: z.string().optional(),
  namespace: z.string().optional(),
  clusterIdentifier: z.string().optional(),
  enableConfigMapMutable: setting.default(false),
  enableSecretMutable: setting.default(false),
});

export type ProviderInputs = z.output<typeof providerInputs>;

/** Reads the properties of a provider resource. */
export function asProviderInputs(properties: unknown): ProviderInputs {
  return providerInputs.parse(properties);
}

function load(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined || kubeconfig === '') config.loadFromDefault();
  else if (/[\n{]/.test(kubeconfig)) config.loadFromString(kubeconfig);
  else config.loadFromFile(kubeconfig);
  return config;
}

/** The cluster that a provider resource names: content or path of a kubeconfig, else KUBECONFIG or ~/.kube/config. */
export function clusterConfig({
  cluster,
  context,
  kubeconfig,
  namespace,
}: ProviderInputs): KubeConfig {
  const config = load(kubeconfig);
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

/**
 * What a provider resource itself says of its cluster: URL, CA, name. Undefined where it names none by the content or path of a
 * kubeconfig, as `getActiveClusterFromConfig` of the official provider has it.
 */
export function activeCluster({
  cluster,
  context,
  kubeconfig,
}: ProviderInputs): Cluster | undefined {
  if (kubeconfig === undefined) return undefined;
  const config = load(kubeconfig);
  const found = config.getContextObject(context ?? config.getCurrentContext());
  return found === null ? undefined : (config.getCluster(cluster ?? found.cluster) ?? undefined);
}
