import { isIP } from 'node:net';

import { portOf } from '../../../router/grammar/authority.ts';
import { hostNetwork } from '../../config/values/host_network.ts';
import { type Found, nodeAddressesOf } from '../../platform/found.ts';
import { ALL_PODS, blocks, inNamespaces, type Peer } from './peers.ts';

/**
 * `<service>.<namespace>.svc`, with or without the cluster's domain behind it, whose default is the one here. What has another domain
 * behind `svc` may be a host anywhere.
 */
const NAMESPACE_OF_SERVICE = /^[^.]+\.([^.]+)\.svc(\.cluster\.local)?$/;

/** A Service by its name alone, which the pod's search domains make whole, or with any domain behind `svc`. */
const MAY_BE_SERVICE = /^[^.]+(\.[^.]+\.svc(\..+)?)?$/;

/** Where a URL leads, as a policy can say it. */
export interface Destination {
  /** None where the URL holds a name of DNS, which a policy does not know: any address. */
  readonly peers: readonly Peer[];
  readonly port: number;
  /** Whether it may be mapped to pods of this cluster, whose port a policy sees in place of the URL's. */
  readonly mayBeMapped: boolean;
}

/** As much of the cluster as decides on how an address is named. */
type Cluster = Pick<Found, 'ipBlockCoversPods' | 'nodes'>;

/**
 * The peers behind an address; none where it is, or may be, that of a node which the network plugin does not match by its address: such
 * a one cannot be named. The address may be that of a Service or a node port of this cluster, which is mapped to pods before a policy
 * sees it.
 */
export function addressPeers(address: string, cluster: Cluster): Peer[] {
  const isNode =
    !cluster.ipBlockCoversPods && nodeAddressesOf(cluster)?.includes(address) !== false;
  return isNode ? [] : [...blocks([hostNetwork(address)]), ALL_PODS];
}

/** Reads the destination of a URL. */
export function destinationOf(text: string, cluster: Cluster): Destination {
  const url = new URL(text);
  const port = portOf(url);
  const host = url.hostname.replaceAll(/[[\]]/g, '');
  if (isIP(host) !== 0) return { peers: addressPeers(host, cluster), port, mayBeMapped: true };
  const namespace = NAMESPACE_OF_SERVICE.exec(host)?.[1];
  const peers = namespace === undefined ? [] : inNamespaces([namespace]);
  return { peers, port, mayBeMapped: MAY_BE_SERVICE.test(host) };
}
