import { z } from 'zod';

import type { ClusterReader } from '../cluster/reader.ts';

const resourceList = z.looseObject({
  resources: z.array(
    z.looseObject({ name: z.string(), kind: z.string(), namespaced: z.boolean() }),
  ),
});

/** How the API server serves a kind. */
export interface ServedKind {
  /** API group; empty for the core. */
  readonly group: string;
  /** The kind's name in paths and rights, such as `gateways`. */
  readonly resource: string;
  readonly isNamespaced: boolean;
}

/** Asks the API server itself, since no rule makes a kind's plural. Undefined where it serves no such kind. */
export async function servedKind(
  { read }: Pick<ClusterReader, 'read'>,
  apiVersion: string,
  kind: string,
): Promise<ServedKind | undefined> {
  const [group = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [];
  const { resources } = resourceList.parse(
    (await read(`/${rootOf(apiVersion)}`)) ?? { resources: [] },
  );
  // Subresources, such as deployments/scale, have a kind, too.
  const found = resources.find((one) => one.kind === kind && !one.name.includes('/'));
  return found && { group, resource: found.name, isNamespaced: found.namespaced };
}

/** Where the API server serves an `apiVersion`. */
export function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
}
