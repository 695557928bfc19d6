/** Loaded before a router process: the name PEERS_HOST has the addresses of PEER_ADDRESSES, separated by commas, in place of DNS. */
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';

const { PEERS_HOST, PEER_ADDRESSES = '' } = process.env;
const { lookup } = dns;
const known = async (host: string, options: object) =>
  host === PEERS_HOST
    ? PEER_ADDRESSES.split(',').map((address) => ({ address, family: 4 }))
    : lookup(host, options);
dns.lookup = known as typeof lookup;
syncBuiltinESMExports();
