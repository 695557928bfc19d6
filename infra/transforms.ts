import type { ResourceTransformation } from '@pulumi/pulumi';

import type { StackConfig } from './config/stack_config.ts';

type Transform = StackConfig['transforms'][number];

/** Applies the transforms of config to the objects that they name, in the order of the list. */
export function objectTransformation(
  transforms: readonly Transform[],
): ResourceTransformation | undefined {
  if (transforms.length === 0) return undefined;
  return ({ name, opts, props }) => {
    const kind = (props as { kind?: unknown }).kind;
    const wanted = transforms.filter(
      (transform) =>
        transform.kind === kind && (transform.name === undefined || transform.name === name),
    );
    if (wanted.length === 0) return undefined;
    const patched = wanted.reduce<unknown>((value, { patch }) => merged(value, patch), props);
    return { props: patched as typeof props, opts };
  };
}

/** RFC 7386. Values that Pulumi has yet to learn are replaced whole, never looked into. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isPlain(patch)) return patch;
  const result: Record<string, unknown> = isPlain(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (key !== '__proto__') result[key] = merged(result[key], value);
  }
  return result;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}
