import { isIP } from 'node:net';

import { portOf } from '../../../router/grammar/authority.ts';
import { ALL_PODS, blocks, inNamespaces, type Peer } from './peers.ts';

/**
 * `<service>.<namespace>.svc`, with or without the cluster's domain behind it, whose default is the one here. What has another domain
 * behind `svc` may be a host anywhere.
 */
const NAMESPACE_OF_SERVICE = /^[^.]+\.([^.]+)\.svc(\.cluster\.local)?$/;

/** Where a URL leads, as a policy can say it. */
export interface Destination {
  /** None where the URL holds a name of DNS, which a policy does not know: any address. */
  readonly peers: readonly Peer[];
  readonly port: number;
  /** Whether it may be mapped to pods of this cluster, whose port a policy sees in place of the URL's. */
  readonly mayBeMapped: boolean;
}

/**
 * Reads the destination of a URL.
 *
 * @param isNode whether an address is, or may be, one of a node that the network plugin does not match by its address: such a one
 *   cannot be named.
 */
export function destinationOf(text: string, isNode: (address: string) => boolean): Destination {
  const url = new URL(text);
  const port = portOf(url);
  const host = url.hostname.replaceAll(/[[\]]/g, '');
  const family = isIP(host);
  if (family !== 0) {
    const cidr = `${host}/${family === 4 ? 32 : 128}`;
    // The address may be that of a Service or a node port of this cluster, which is mapped to pods before a policy sees it.
    const peers = isNode(host) ? [] : [...blocks([cidr]), ALL_PODS];
    return { peers, port, mayBeMapped: true };
  }
  const namespace = NAMESPACE_OF_SERVICE.exec(host)?.[1];
  const peers = namespace === undefined ? [] : inNamespaces([namespace]);
  return { peers, port, mayBeMapped: namespace !== undefined };
}
