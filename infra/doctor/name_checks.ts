import { lookup } from 'node:dns/promises';

import type { Check, Finding } from '../checks/check.ts';
import type { StackConfig } from '../config/schema.ts';
import { isIpAddress } from '../config/values.ts';

/** Whether the names that users dial lead somewhere. */
export function nameChecks(config: StackConfig): readonly Check[] {
  const { hostName, wildcardHost } = config.ingress;
  const tcp = config.tcpSession?.routerAddress;
  const names: readonly (readonly [title: string, name: string])[] = [
    ['name of the router', hostName.host],
    ...(wildcardHost === undefined
      ? []
      : [['wildcard names', `any.${wildcardHost}`] as [string, string]]),
    ...(tcp === undefined ? [] : [['name for TCP', tcp] as [string, string]]),
  ];
  return names
    .filter(([, name]) => !isIpAddress(name))
    .map(([title, name]) => ({ title, find: () => resolves(name) }));
}

/** Not there yet is no failure: the address is often known only after the first `up`. */
async function resolves(name: string): Promise<Finding> {
  try {
    const addresses = await lookup(name, { all: true });
    const list = addresses.map(({ address }) => address).join(', ');
    return { outcome: 'good', says: `${name} leads to ${list}` };
  } catch {
    return {
      outcome: 'unsure',
      says: `${name} leads nowhere from this machine`,
      fix: 'Make a DNS entry for the ingress controller or load balancer, now or after the first pulumi up.',
    };
  }
}
