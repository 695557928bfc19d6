import { isDeepStrictEqual } from 'node:util';

import { z } from 'zod';

import { type ClusterAddress, kubeConfigOf } from './kube_config.ts';
import { clusterReader } from './reader.ts';

/** The part of an object that tells whether pods run what they should: images, and the names that follow content. */
const deployment = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(z.looseObject({ name: z.string(), image: z.string() })),
        volumes: z
          .array(
            z.looseObject({
              name: z.string(),
              configMap: z.looseObject({ name: z.string().optional() }).optional(),
              secret: z.looseObject({ secretName: z.string().optional() }).optional(),
            }),
          )
          .default([]),
      }),
    }),
  }),
});

/**
 * Whether a Deployment of the cluster runs what it should. Others may add containers and volumes to it.
 *
 * @param live as the cluster has it.
 * @param wanted as the stack has it.
 */
export function runsTheSame(live: unknown, wanted: unknown): boolean {
  return isDeepStrictEqual(runs(wanted, wanted), runs(live, wanted));
}

/** What a Deployment runs, of what `wanted` names: others may add containers and volumes to it. */
function runs(object: unknown, wanted: unknown): unknown {
  const names = deployment.parse(wanted).spec.template.spec;
  const { containers, volumes } = deployment.parse(object).spec.template.spec;
  const isNamed = (of: readonly { name: string }[], name: string): boolean =>
    of.some((one) => one.name === name);
  return {
    images: containers
      .filter(({ name }) => isNamed(names.containers, name))
      .map(({ image, name }) => [name, image]),
    files: volumes
      .filter(({ name }) => isNamed(names.volumes, name))
      .map(({ configMap, name, secret }) => [name, configMap?.name ?? secret?.secretName]),
  };
}

/** The Deployment that a cluster has; undefined where it has none. @throws Error where it cannot be asked. */
export function askDeployment(
  address: ClusterAddress,
  namespace: string,
  name: string,
): Promise<unknown> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
  return clusterReader(kubeConfigOf(address)).read(path);
}
