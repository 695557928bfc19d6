import { type ResourceTransform, runtime } from '@pulumi/pulumi';

import { nothingTold } from '../cluster/facts.ts';
import { InfraError } from '../errors.ts';
import { PROJECT } from '../project.ts';
import { program, type ProgramParts } from '../program.ts';
import { NO_ORGANISATION } from '../stack_name.ts';
import { transformed } from '../transforms.ts';
import { type Manifest, manifestOf } from './manifest.ts';
import { NOT_READ } from './stack_values.ts';

/** An object with the name that the program knows it by, which stays where the name in the cluster follows the content. */
export interface RecordedObject {
  readonly name: string;
  readonly manifest: Manifest;
}

/**
 * Runs the program with the config of a stack, and takes down its objects in place of the engine: the monitor that Pulumi's SDK calls
 * mocks, which answers each registration within the process and needs no CLI.
 *
 * @throws InfraError of the program: what cannot be learned from the cluster has to be said by its key.
 */
export async function recordProgram(
  stack: string,
  values: Readonly<Record<string, string>>,
  parts: ProgramParts,
): Promise<readonly RecordedObject[]> {
  const objects: RecordedObject[] = [];
  const transforms: ResourceTransform[] = [];
  await runtime.setMocks(
    {
      newResource: async ({ inputs, name, transforms: own = [], type }) => {
        // The monitor leaves transforms to whoever answers; those of the component are meant for its children.
        transforms.push(...own);
        if (!type.startsWith('kubernetes:')) return { id: name, state: inputs as object };
        const props = await transformed(transforms, { name, props: inputs, type });
        const manifest = manifestOf(name, props);
        objects.push({ name, manifest });
        return { id: name, state: manifest };
      },
      call: () => ({}),
    },
    PROJECT,
    stack,
    false,
    NO_ORGANISATION,
  );
  const keys = Object.keys(values).map((key) => [key, `${PROJECT}:${key}`] as const);
  runtime.setAllConfig(
    Object.fromEntries(keys.map(([key, full]) => [full, values[key] ?? ''])),
    // What is left of secrets is the way to the cluster.
    [`${PROJECT}:kubernetes`],
  );
  await program({ ...parts, askCluster: askFromHere(parts) });
  await runtime.disconnect();
  return objects;
}

/** Asks the cluster as `up` does, where the config leads to one from here; keys say what it would have told. */
function askFromHere({ askCluster }: ProgramParts): ProgramParts['askCluster'] {
  return async (address, questions) => {
    if (address.kubeconfig === NOT_READ) {
      return nothingTold('kubernetes.kubeconfig is encrypted, and nothing is decrypted here');
    }
    try {
      return await askCluster(address, questions);
    } catch (error) {
      if (!(error instanceof InfraError)) throw error;
      const [what = ''] = error.message.split('. ');
      return nothingTold(what);
    }
  };
}
