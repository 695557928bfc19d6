import type { Input, Resource } from '@pulumi/pulumi';

import type { SettledConfig } from './config/decisions/found.ts';
import type { Names } from './names.ts';

/** What every part of a TaskRouter needs in order to create its objects. */
export interface Scope {
  /** The component, whose provider the parts inherit. */
  readonly parent: Resource;
  readonly config: SettledConfig;
  readonly names: Names;
  /** The namespace's name; known only once it was created, so that all else waits for it. */
  readonly namespace: Input<string>;
}

/** Metadata of an object in the router's namespace; without a name Pulumi generates one, anew for each replacement. */
export function metadataOf(scope: Scope, name?: string) {
  const { names, namespace } = scope;
  return { ...(name === undefined ? {} : { name }), namespace, labels: names.labels };
}
