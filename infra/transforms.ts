import type { ResourceTransform, ResourceTransformResult } from '@pulumi/pulumi';

import type { StackConfig } from './config/stack_config.ts';
import { merged } from './patch.ts';

type Transform = StackConfig['transforms'][number];

/** Applies the transforms of config to the objects that they name, in the order of the list. The engine asks it about each child. */
export function objectTransforms(transforms: readonly Transform[]): ResourceTransform[] {
  if (transforms.length === 0) return [];
  return [
    ({ name, props }) => {
      const wanted = transforms.filter(
        (transform) =>
          transform.kind === props['kind'] &&
          (transform.name === undefined || transform.name === name),
      );
      if (wanted.length === 0) return undefined;
      const patched = wanted.reduce<unknown>((value, { patch }) => merged(value, patch), props);
      // Without options the engine keeps those of the resource (`wrapTransformCallback` of pulumi's source_eval.go). Handed back,
      // they would say false where they said nothing (the SDK's runtime/callbacks.js), and a replacement of a named object by
      // deleting it first, which the provider asks for, would be refused by `deleteBeforeReplace: false`.
      return { props: patched } as ResourceTransformResult;
    },
  ];
}
