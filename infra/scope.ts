import type { Input, Resource } from '@pulumi/pulumi';

import type { StackConfig } from './config/schema.ts';
import type { Names } from './names.ts';

/** What every part of a TaskRouter needs in order to create its objects. */
export interface Scope {
  /** The component, whose provider the parts inherit. */
  readonly parent: Resource;
  readonly config: StackConfig;
  readonly names: Names;
  /** The namespace's name; known only once it was created, so that all else waits for it. */
  readonly namespace: Input<string>;
}
