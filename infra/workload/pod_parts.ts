import type { types } from '@pulumi/kubernetes';
import type { Input } from '@pulumi/pulumi';

import type { Mount } from '../mount.ts';

/** A variable of the container; its name is never a value of another resource. */
export type Variable = types.input.core.v1.EnvVar & { readonly name: string };

/** The parts that the pod is made of. */
export interface PodParts {
  /** Files in the pod; the code is not among them where the image holds the router. */
  readonly mounts: readonly Mount[];
  readonly imagePullSecrets: types.input.core.v1.LocalObjectReference[];
  /** Environment beside the settings: the way out through a proxy. */
  readonly proxy: readonly Variable[];
  /** Undefined where the pod has no account of its own. */
  readonly serviceAccount: Input<string> | undefined;
  /** Environment of the router process. */
  readonly settings: Readonly<Record<string, Input<string>>>;
}
