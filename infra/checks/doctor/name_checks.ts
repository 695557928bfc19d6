import { lookup } from 'node:dns/promises';

import { good, unsure, type Check, type Finding } from '../check.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { isIpAddress } from '../../config/values/values.ts';

/** Whether the names that users dial lead somewhere. */
export function nameChecks(config: StackConfig): readonly Check[] {
  const { hostName, pagesHostName, wildcardHost } = config.ingress;
  const names = [
    ['name of the router', hostName.host],
    ['name of the pages', pagesHostName],
    ['wildcard names', wildcardHost === undefined ? undefined : `any.${wildcardHost}`],
    ['name for TCP', config.tcpSession?.routerAddress],
  ] as const;
  return names.flatMap(([title, name]) =>
    name === undefined || isIpAddress(name) ? [] : [{ title, find: () => resolves(name) }],
  );
}

/** Not there yet is no failure: the address is often known only after the first `up`. */
async function resolves(name: string): Promise<Finding> {
  try {
    const addresses = await lookup(name, { all: true });
    const list = addresses.map(({ address }) => address).join(', ');
    return good(`${name} leads to ${list}`);
  } catch {
    return unsure(
      `${name} leads nowhere from this machine`,
      'Make a DNS entry for the ingress controller or load balancer, now or after the first pulumi up.',
    );
  }
}
