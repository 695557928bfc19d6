import { core } from '@pulumi/kubernetes';
import type { Input, Resource } from '@pulumi/pulumi';

import type { StackConfig } from './config/schema.ts';

/** Creates the namespace, or takes the name of one that exists: creating an object that exists is an error. */
export function namespaceFor(parent: Resource, config: StackConfig): Input<string> {
  const { name, create } = config.namespace;
  if (!create) return name;
  return new core.v1.Namespace('namespace', { metadata: { name } }, { parent }).metadata.name;
}
