import { z } from 'zod';

import type { ClusterReader } from '../../cluster/reader.ts';
import { runsTheSame } from '../../cluster/running.ts';
import { repairOf } from '../../advice/repair.ts';
import { bad, good, type Finding } from '../check.ts';
import { rootOf, servedKind } from '../served_kinds.ts';

const resource = z.looseObject({
  type: z.string(),
  external: z.boolean().default(false),
  delete: z.boolean().default(false),
  inputs: z
    .looseObject({
      apiVersion: z.string().default(''),
      kind: z.string().default(''),
      metadata: z
        .looseObject({ name: z.string().default(''), namespace: z.string().optional() })
        .prefault({}),
    })
    .prefault({}),
});

/** What `pulumi stack export` writes, as far as it is looked at. */
const exported = z.looseObject({
  deployment: z.looseObject({
    pending_operations: z.array(z.unknown()).nullish(),
    resources: z.array(resource).default([]),
  }),
});

type StateObject = z.output<typeof resource>['inputs'];

/**
 * Whether the cluster holds what the stack's state says. After an interrupted update it may not, and the next one, which compares with
 * the state alone, would find nothing to do.
 *
 * @param state what `pulumi stack export` writes.
 */
export async function stateIsLive(
  state: unknown,
  reader: Pick<ClusterReader, 'read'>,
  stack: string,
): Promise<Finding> {
  const { pending_operations: pending, resources } = exported.parse(state).deployment;
  const objects = resources
    .filter(({ delete: isGoing, external, type }) => {
      return type.startsWith('kubernetes:') && !external && !isGoing;
    })
    .map(({ inputs }) => inputs);
  const troubles = [
    ...(pending ?? []).map(() => 'an operation that was interrupted'),
    ...(await Promise.all(objects.map((object) => troubleOf(object, reader)))).flat(),
  ];
  if (troubles.length === 0) return good(`the cluster holds all ${objects.length} objects of it`);
  return bad(`the cluster holds something else: ${troubles.join('; ')}`, repairOf(stack));
}

async function troubleOf(
  object: StateObject,
  reader: Pick<ClusterReader, 'read'>,
): Promise<string[]> {
  const { kind, metadata } = object;
  const path = await pathOf(object, reader);
  const live = path === undefined ? undefined : await reader.read(path);
  if (live === undefined) return [`${kind} ${metadata.name} is not there`];
  if (kind !== 'Deployment') return [];
  return runsTheSame(live, object)
    ? []
    : [`${kind} ${metadata.name} has another image, or other files`];
}

/** Where the cluster has an object; undefined where it serves no such kind. */
async function pathOf(
  { apiVersion, kind, metadata }: StateObject,
  reader: Pick<ClusterReader, 'read'>,
): Promise<string | undefined> {
  const served = await servedKind(reader, apiVersion, kind);
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return served && `/${rootOf(apiVersion)}${place}/${served.resource}/${metadata.name}`;
}
