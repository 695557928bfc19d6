import { isDeepStrictEqual } from 'node:util';

import { activeCluster, asProviderInputs } from './cluster_config.ts';
import type { JsonObject } from './property_values.ts';

/** What is between two inputs of a provider resource, by top-level keys. */
export interface ProviderDifference {
  readonly changed: readonly string[];
  /** What makes another provider of it, and so another object of each object that it made. */
  readonly replacing: readonly string[];
}

const NAMES_CLUSTER = ['kubeconfig', 'context', 'cluster'];

/**
 * `DiffConfig` of the official provider. An identifier that stays decides alone that the cluster is the same, and another one that
 * it is not; where it comes or goes, or was never there, another entry of the kubeconfig for the active cluster is another cluster,
 * be it only another spelling of its URL.
 */
export function providerDifference(before: JsonObject, after: JsonObject): ProviderDifference {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const changed = keys.filter((key) => !isDeepStrictEqual(before[key], after[key]));
  const [old, now] = [asProviderInputs(before), asProviderInputs(after)];
  const [oldId, id] = [old.clusterIdentifier, now.clusterIdentifier];
  if (id !== undefined && id === oldId) return { changed, replacing: [] };
  const [oldCluster, cluster] = [activeCluster(old), activeCluster(now)];
  const isAnother =
    oldCluster !== undefined && cluster !== undefined && !isDeepStrictEqual(oldCluster, cluster);
  return {
    changed,
    replacing: [
      ...(id !== undefined && oldId !== undefined ? ['clusterIdentifier'] : []),
      ...(isAnother ? changed.filter((key) => NAMES_CLUSTER.includes(key)) : []),
    ],
  };
}
