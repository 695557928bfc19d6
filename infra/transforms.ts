import type { ResourceTransform, ResourceTransformResult } from '@pulumi/pulumi';

import type { StackConfig } from './config/stack_config.ts';
import { valueAt } from './config/values/value_at.ts';
import { merged } from './patch.ts';

type Props = Record<string, unknown>;

/** What a config changes of every object, or of some. */
type Changes = Pick<StackConfig, 'commonAnnotations' | 'commonLabels' | 'transforms'>;

/**
 * Gives every object the common labels and annotations, then applies the transforms of config to the objects that they name, in the
 * order of the list. The engine asks it about each child.
 */
export function objectTransforms(changes: Changes): ResourceTransform[] {
  const { commonAnnotations, commonLabels, transforms } = changes;
  const hasCommon = Object.keys({ ...commonAnnotations, ...commonLabels }).length > 0;
  if (transforms.length === 0 && !hasCommon) return [];
  return [
    ({ name, props }) => {
      const kind: unknown = props['kind'];
      if (typeof kind !== 'string') return undefined;
      const wanted = transforms.filter(
        (transform) =>
          transform.kind === kind && (transform.name === undefined || transform.name === name),
      );
      if (wanted.length === 0 && !hasCommon) return undefined;
      const patched = wanted.reduce<unknown>(
        (value, { patch }) => merged(value, patch),
        hasCommon ? withCommonMetadata(props, changes) : props,
      );
      // Without options the engine keeps those of the resource (`wrapTransformCallback` of pulumi's source_eval.go). Handed back,
      // they would say false where they said nothing (the SDK's runtime/callbacks.js), and a replacement of a named object by
      // deleting it first, which the provider asks for, would be refused by `deleteBeforeReplace: false`.
      return { props: patched } as ResourceTransformResult;
    },
  ];
}

/**
 * What an object says itself wins. The labels go to pods, too: whoever counts pods by a label looks there. Only metadata is merged: all
 * else of an object stays as it is, lists with several items of one key included.
 */
function withCommonMetadata(props: Props, { commonAnnotations, commonLabels }: Changes): Props {
  const labels = Object.keys(commonLabels).length === 0 ? {} : { labels: commonLabels };
  const annotations =
    Object.keys(commonAnnotations).length === 0 ? {} : { annotations: commonAnnotations };
  const labelled = {
    ...props,
    metadata: merged({ ...annotations, ...labels }, props['metadata'] ?? {}),
  };
  const template = valueAt(props, ['spec', 'template']);
  // One that Pulumi has yet to learn says nothing of its own.
  if (props['kind'] !== 'Deployment' || valueAt(template, ['spec']) === undefined) return labelled;
  const ofPods = merged(labels, valueAt(template, ['metadata']) ?? {});
  return merged(labelled, { spec: { template: { metadata: ofPods } } }) as Props;
}

/** Props of a child after the transforms of its parent, for an engine that runs none: the mocks of Pulumi's SDK. */
export async function transformed(
  transforms: readonly ResourceTransform[],
  { name, props, type }: { type: string; name: string; props: Props },
): Promise<Props> {
  let result = props;
  for (const transform of transforms) {
    const answer = await transform({ custom: true, type, name, props: result, opts: {} });
    result = answer?.props ?? result;
  }
  return result;
}
