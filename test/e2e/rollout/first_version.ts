import { readFile } from 'node:fs/promises';

import { Provider } from '@pulumi/kubernetes';
import {
  ComponentResource,
  CustomResource,
  secret,
  type CustomResourceOptions,
  type Resource,
} from '@pulumi/pulumi';
import type { PulumiFn } from '@pulumi/pulumi/automation/index.js';
import { z } from 'zod';

import { bundleRouter } from '../../../infra/bundle/bundle.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import type { Prepared } from '../../lab/run/session.ts';

const FIXTURE = new URL('../../infra/fixtures/first_version.json', import.meta.url);

/** Addresses of the run that made the fixture. */
const FIXTURE_BLOCK = '10.200.';
const FIXTURE_CLEARML_PORT = '37949';

const timeouts = z.object({ create: z.number().optional(), update: z.number().optional() });

/** A resource of the kept state, as far as it goes into a resource again. */
const keptResource = z.object({
  urn: z.string(),
  type: z.string(),
  inputs: z.record(z.string(), z.unknown()).default({}),
  parent: z.string().optional(),
  dependencies: z.array(z.string()).default([]),
  additionalSecretOutputs: z.array(z.string()).default([]),
  replaceOnChanges: z.array(z.string()).default([]),
  ignoreChanges: z.array(z.string()).default([]),
  customTimeouts: timeouts.default({}),
});
export type KeptResource = z.infer<typeof keptResource>;

const keptState = z.object({ deployment: z.object({ resources: z.array(keptResource) }) });

/** The resources that the first version of the program left in its state, in the order of their creation. */
export async function firstVersion(): Promise<readonly KeptResource[]> {
  const text = await readFile(FIXTURE, 'utf8');
  return keptState.parse(JSON.parse(text)).deployment.resources;
}

/** Whether a resource of the state is an object of the cluster. */
export function isObject({ type }: Pick<KeptResource, 'type'>): boolean {
  return type.startsWith('kubernetes:');
}

export function nameOf(urn: string): string {
  return urn.split('::').at(-1) ?? '';
}

/** An object of any kind. */
class ClusterObject extends CustomResource {}

function seconds(value: number | undefined): { [name: string]: string } {
  return value === undefined ? {} : { create: `${value}s`, update: `${value}s` };
}

function optionsOf(kept: KeptResource): CustomResourceOptions {
  return {
    additionalSecretOutputs: kept.additionalSecretOutputs,
    replaceOnChanges: kept.replaceOnChanges,
    ignoreChanges: kept.ignoreChanges,
    customTimeouts: seconds(kept.customTimeouts.create),
  };
}

/**
 * A program that leaves, in the state and in the cluster, what the first version of this one did: every resource of the kept
 * state by the same type, name and parent, with the same inputs and options. Only what belongs to the run differs: addresses,
 * secrets, and the router's code, which the fixture leaves out.
 */
export function firstVersionProgram(prepared: Prepared, block: string): PulumiFn {
  const { clearml, target } = prepared;
  const { port } = new URL(clearml.url);

  return async () => {
    const code = `// The first version.\n${await bundleRouter()}`;
    const inputsOf = ({ type, inputs }: KeptResource): Record<string, unknown> => {
      const moved = JSON.stringify(inputs)
        .replaceAll(FIXTURE_BLOCK, block)
        .replaceAll(FIXTURE_CLEARML_PORT, port);
      const own = JSON.parse(moved) as Record<string, unknown>;
      if (type === 'kubernetes:core/v1:ConfigMap') return { ...own, data: { 'router.cjs': code } };
      if (type !== 'kubernetes:core/v1:Secret') return own;
      const { accessKey, secretKey } = credentials.router;
      return {
        ...own,
        stringData: secret({
          apiServerKey: accessKey,
          apiServerSecret: secretKey,
          jwksKey: clearml.signingKey.base64url,
        }),
      };
    };

    const made = new Map<string, Resource>();
    for (const kept of await firstVersion()) {
      const { urn, type } = kept;
      const name = nameOf(urn);
      const parent = made.get(kept.parent ?? '');
      if (type === 'pulumi:providers:kubernetes') {
        const { context, kubeconfig = '' } = target;
        made.set(urn, new Provider(name, { context, kubeconfig: secret(kubeconfig) }));
      } else if (isObject(kept)) {
        const dependsOn = kept.dependencies.flatMap((dependency) => made.get(dependency) ?? []);
        const options = { ...optionsOf(kept), dependsOn, ...(parent && { parent }) };
        made.set(urn, new ClusterObject(type, name, inputsOf(kept), options));
      } else if (type !== 'pulumi:pulumi:Stack') {
        const providers = [...made.values()].filter((value) => value instanceof Provider);
        made.set(urn, new ComponentResource(type, name, {}, { providers }));
      }
    }
  };
}
