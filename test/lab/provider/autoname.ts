import { createHash } from 'node:crypto';

import { annotation, AUTONAMED, type Manifest } from './manifest.ts';

const NAME_LIMIT = 253;
const SUFFIX_LENGTH = 8;

/** Name of the resource, hyphen, eight hex digits that depend on the engine's seed alone. */
function chooseName(resourceName: string, seed: Uint8Array): string {
  const suffix = createHash('sha256').update(resourceName).update(seed).digest('hex');
  const stem = resourceName.slice(0, NAME_LIMIT - SUFFIX_LENGTH - 1);
  return `${stem}-${suffix.slice(0, SUFFIX_LENGTH)}`;
}

/**
 * An object without `metadata.name` gets one: the name that it already has, or, when it is new or is being replaced (`old`
 * undefined), a fresh one. An explicit name, and `generateName`, are left alone.
 */
export function autoname(
  object: Manifest,
  resourceName: string,
  seed: Uint8Array,
  old: Manifest | undefined,
): Manifest {
  if (object.metadata.name !== undefined || object.metadata['generateName'] !== undefined) {
    return object;
  }
  const keep = old !== undefined && isAutonamed(old) ? old.metadata.name : undefined;
  return {
    ...object,
    metadata: {
      ...object.metadata,
      name: keep ?? chooseName(resourceName, seed),
      annotations: { ...object.metadata.annotations, [AUTONAMED]: 'true' },
    },
  };
}

/** True where the provider chose the name, so that a replacement may stand beside the old object. */
export function isAutonamed(object: Manifest): boolean {
  return annotation(object, AUTONAMED) === 'true';
}
