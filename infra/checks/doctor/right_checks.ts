import { AuthorizationV1Api, type KubeConfig } from '@kubernetes/client-node';

import { bad, good, type Check, type Finding } from '../check.ts';
import type { ClusterOfStack } from '../cluster_of.ts';
import { servedKind } from '../served_kinds.ts';
import { namespaceOf } from '../../config/decisions/extra_objects.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { neededRights, type Right } from './needs.ts';

/** Whether whoever runs `pulumi up` may make what the program makes, and what config adds to it. */
export function rightChecks(
  config: StackConfig,
  { kubeConfig, reader }: ClusterOfStack,
): readonly Check[] {
  const ofProgram = async (): Promise<Finding> =>
    judge(await denied(kubeConfig, neededRights(config), config), config);
  const ofExtra = async (): Promise<Finding> => {
    const { rights, troubles } = await extraRights(config, reader);
    if (troubles.length > 0) {
      return bad(troubles.join('; '), 'Mend extraObjects, or install the CRDs of these kinds.');
    }
    return judge(await denied(kubeConfig, rights, config), config);
  };
  return [
    { title: 'rights', find: ofProgram },
    ...(config.extraObjects.length === 0
      ? []
      : [{ title: 'rights to extraObjects', find: ofExtra }]),
  ];
}

/** What `pulumi up`, a change and `pulumi destroy` do with each object. */
const VERBS = ['get', 'create', 'patch', 'delete'];

/** What is not allowed, in words. */
async function denied(
  cluster: KubeConfig,
  rights: readonly Right[],
  config: StackConfig,
): Promise<readonly string[]> {
  const api = cluster.makeApiClient(AuthorizationV1Api);
  const found: string[] = [];
  for (const { group, isNamespaced, namespace: elsewhere, resource } of rights) {
    const namespace = isNamespaced ? { namespace: elsewhere ?? config.namespace.name } : {};
    const asked = VERBS.map(async (verb) => {
      const resourceAttributes = { group, resource, verb, ...namespace };
      const body = { spec: { resourceAttributes } };
      const { status } = await api.createSelfSubjectAccessReview({ body });
      return status?.allowed === true ? [] : [verb];
    });
    const verbs = (await Promise.all(asked)).flat();
    const where = elsewhere === undefined ? '' : ` in ${elsewhere}`;
    if (verbs.length > 0) found.push(`${verbs.join(', ')} ${resource}${where}`);
  }
  return found;
}

function judge(lacking: readonly string[], { namespace }: StackConfig): Finding {
  if (lacking.length === 0) return good('everything may be made and changed');
  return bad(
    `may not ${lacking.join('; ')}`,
    `Use an account that may, or let somebody grant it in namespace ${namespace.name}.`,
  );
}

/** Rights to the objects of `extraObjects`, and what the cluster does not take of them. Kinds whose CRDs come with them are not there yet. */
async function extraRights(
  { extraObjects, namespace: { name: home } }: StackConfig,
  reader: ClusterOfStack['reader'],
): Promise<{ readonly rights: readonly Right[]; readonly troubles: readonly string[] }> {
  const rights = new Map<string, Right>();
  const troubles: string[] = [];
  const bringsKinds = extraObjects.some(({ kind }) => kind === 'CustomResourceDefinition');
  for (const [index, object] of extraObjects.entries()) {
    const { apiVersion, kind } = object;
    const served = await servedKind(reader, apiVersion, kind);
    const what = `extraObjects.${index} (${kind})`;
    if (served === undefined) {
      if (!bringsKinds) troubles.push(`${what}: the cluster serves no ${kind} of ${apiVersion}`);
      continue;
    }
    const namespace = namespaceOf(object, home);
    if (served.isNamespaced !== (namespace !== undefined)) {
      troubles.push(
        served.isNamespaced
          ? `${what}: lies in a namespace; name it in metadata.namespace`
          : `${what}: lies in no namespace; set metadata.namespace to ""`,
      );
    }
    const elsewhere = namespace === undefined || namespace === home ? {} : { namespace };
    rights.set(JSON.stringify([served, elsewhere]), { ...served, ...elsewhere });
  }
  return { rights: [...rights.values()], troubles };
}
