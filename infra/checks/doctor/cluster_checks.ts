import { z } from 'zod';

import { bad, good, unsure, type Check, type Finding } from '../check.ts';
import { once } from '../once.ts';
import type { ClusterOfStack } from '../cluster_of.ts';
import type { ClusterFacts } from '../../cluster/facts.ts';
import { checkIdentity } from '../../cluster/identity.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import { checkVersion } from '../../cluster/version.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { certificateChecks } from './certificate_checks.ts';
import { clashChecks } from './clash_checks.ts';
import { controllerChecks } from './controller_checks.ts';
import { issuerChecks } from './issuer_checks.ts';
import type { Look } from './look.ts';
import { loadBalancerChecks } from './load_balancer_checks.ts';
import { nodeChecks } from './node_checks.ts';
import { neededApis } from './needs.ts';
import { defaultClassChecks, objectChecks } from './object_checks.ts';
import { portChecks } from './port_checks.ts';
import { rightChecks } from './right_checks.ts';

/** Whether the cluster answers, lets this program in, and has what config names. */
export function clusterChecks(
  { checks, config, facts }: Look,
  { kubeConfig, reader }: ClusterOfStack,
): readonly Check[] {
  // Without an answer to this, each of the others would only repeat why.
  const isThere = once(() =>
    reader.read('/version').then(
      () => true,
      () => false,
    ),
  );
  const inCluster: readonly Check[] = [
    ...rightChecks(config, { kubeConfig, reader }),
    { title: 'namespace', find: () => namespaceFits(reader, config) },
    ...neededApis(config).map((api) => ({ title: api, find: () => hasApi(reader, api) })),
    ...defaultClassChecks(config, reader),
    ...objectChecks(config, reader),
    ...certificateChecks(config, reader),
    ...issuerChecks(config, reader),
    ...controllerChecks(config, reader),
    ...clashChecks(config, reader),
    ...portChecks(config, reader),
    ...loadBalancerChecks(config, reader),
    ...nodeChecks(config, facts.nodes),
  ];
  return [
    { title: 'cluster', find: () => Promise.resolve(versionFits(facts, config)) },
    ...checks,
    ...inCluster.map(({ find, title }) => ({
      title,
      find: async () => ((await isThere()) ? find() : NOT_LOOKED_AT),
    })),
  ];
}

const NOT_LOOKED_AT: Finding = unsure('not looked at', 'The cluster does not answer.');

function versionFits(facts: ClusterFacts, config: StackConfig): Finding {
  const { podNetworks, trouble, version } = facts;
  if (version === undefined) {
    return bad(trouble ?? 'no answer', 'Look at kubernetes.context.');
  }
  const warning = checkVersion(version);
  checkIdentity(config, facts);
  if (config.router.taskNetworks === undefined && podNetworks.length === 0) {
    return bad(
      'the nodes do not tell their pod networks',
      "Name them: pulumi config set --path 'router.taskNetworks[0]' 10.244.0.0/16",
    );
  }
  const says = `answers, Kubernetes ${version.major}.${version.minor}`;
  return warning === undefined ? good(says) : unsure(says, warning);
}

async function namespaceFits(reader: ClusterReader, config: StackConfig): Promise<Finding> {
  const { create, name } = config.namespace;
  const exists = (await reader.read(`/api/v1/namespaces/${name}`)) !== undefined;
  if (create && exists) {
    return unsure(
      `${name} exists`,
      'Good when it is from an earlier pulumi up of this stack; else set namespace.create to false.',
    );
  }
  if (!create && !exists) {
    return bad(`${name} does not exist`, 'Set namespace.create to true.');
  }
  return good(create ? `${name} will be created` : `${name} is there`);
}

/** Whether the API server serves the resource in the version that this program writes. */
async function hasApi(reader: ClusterReader, api: string): Promise<Finding> {
  const [group = '', version = '', resource = ''] = api.split('/');
  const served = await reader.read(`/apis/${group}/${version}`);
  const { resources } = resourceList.parse(served ?? { resources: [] });
  if (resources.some(({ name }) => name === resource)) return good('is there');
  const known = groupVersions.safeParse(await reader.read(`/apis/${group}`)).data?.versions ?? [];
  const versions = known.map(({ version: name }) => name).join(', ');
  return bad(
    versions === ''
      ? 'the cluster has no such API'
      : `the cluster serves ${group} as ${versions}, without ${resource} in ${version}`,
    `Install or upgrade the CRDs of ${group}.`,
  );
}

const resourceList = z.looseObject({ resources: z.array(z.looseObject({ name: z.string() })) });
const groupVersions = z.looseObject({ versions: z.array(z.looseObject({ version: z.string() })) });
