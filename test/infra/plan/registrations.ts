import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb.js';

import { runStack, someCluster } from '../stack_run.ts';
import type { Registration } from './plan.ts';

const UID = '0a1b2c3d-0000-4000-8000-000000000001';

/** Runs the program, and takes down what it registers, with what each property is made of. */
export async function registrationsOf(
  config: Readonly<Record<string, unknown>>,
): Promise<readonly Registration[]> {
  const found: Registration[] = [];
  const { clusterUid = UID } = (config['kubernetes'] ?? {}) as { clusterUid?: string };
  await runStack(config, {
    facts: { ...someCluster, uid: clusterUid },
    onRegister: (request) => {
      found.push(registrationOf(request));
    },
  });
  return found;
}

function registrationOf(request: RegisterResourceRequest): Registration {
  const madeOf = new Map<string, readonly string[]>();
  request.getPropertydependenciesMap().forEach((dependencies, property) => {
    madeOf.set(property, dependencies.getUrnsList().map(keyOfUrn));
  });
  return {
    key: `${request.getType()}::${request.getName()}`,
    inputs: request.getObject()?.toJavaScript() ?? {},
    madeOf,
    replaceOnChanges: request.getReplaceonchangesList(),
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    ignoreChanges: request.getIgnorechangesList(),
  };
}

/** `urn:pulumi:<stack>::<project>::<parent>$<type>::<name>` as type and name. */
function keyOfUrn(urn: string): string {
  const [, , types = '', ...name] = urn.split('::');
  return `${types.split('$').at(-1) ?? ''}::${name.join('::')}`;
}
