/**
 * What is built from Go modules, in one place. Go's checksum database and each module's own go.mod pin everything below them.
 *
 * Pulumi's CLI is only built where the official one cannot be had: the module is published up to this version.
 */
export const VERSIONS = {
  pulumi: '3.257.0',
  etcd: '3.6.8',
  kubernetes: '1.35.4',
  traefik: '3.5.0',
  networkPolicies: '0.8.0',
  pause: '1',
} as const;
