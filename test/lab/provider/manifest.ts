import { z } from 'zod';

import { isUnknown, type JsonObject } from './property_values.ts';

/** The part of every Kubernetes object that the stand-in itself reads; all else passes through. */
const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z
    .looseObject({
      name: z.string().optional(),
      namespace: z.string().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    })
    .default({}),
});

export type Manifest = z.infer<typeof manifest>;

/** Set on objects whose name the provider chose, as the real one does. */
export const AUTONAMED = 'pulumi.com/autonamed';
export const SKIP_AWAIT = 'pulumi.com/skipAwait';
/** What to wait for in place of the rules of the kind. */
export const WAIT_FOR = 'pulumi.com/waitFor';
export const TIMEOUT_SECONDS = 'pulumi.com/timeoutSeconds';
export const PATCH_FORCE = 'pulumi.com/patchForce';

/** Reads properties as a Kubernetes object; throws where kind or version is missing. */
export function asManifest(properties: JsonObject): Manifest {
  const metadata = properties['metadata'];
  if (metadata === undefined || !isUnknown(metadata)) return manifest.parse(properties);
  // The engine asks so what follows when what names the object, such as its namespace, is deleted first.
  return manifest.parse({ ...properties, metadata: { name: metadata, namespace: metadata } });
}

/** The same, seen as plain properties again. */
export function asProperties(object: Manifest): JsonObject {
  return object as unknown as JsonObject;
}

export function annotation(object: Manifest, name: string): string | undefined {
  return object.metadata.annotations?.[name];
}

/** The id of a resource in the state: `namespace/name`, or the name alone for what belongs to the cluster. */
export function resourceId(object: Manifest): string {
  const { namespace, name = '' } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** `kubernetes:core/v1:Service` → `v1`, `Service`; `kubernetes:apps/v1:Deployment` → `apps/v1`, `Deployment`. */
export function kindOfType(type: string): { apiVersion: string; kind: string } {
  const [, groupVersion = '', kind = ''] = type.split(':');
  return { apiVersion: groupVersion.replace(/^core\//, ''), kind };
}

/** What an id of a resource that was never seen names: the object behind `Service.get('name', 'namespace/name')`. */
export function manifestOfId(type: string, id: string): Manifest {
  const [first = '', second] = id.split('/');
  const metadata = second === undefined ? { name: first } : { namespace: first, name: second };
  return { ...kindOfType(type), metadata };
}
