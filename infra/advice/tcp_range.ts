import { LOAD_BALANCER_BY_NAME } from '../platform/load_balancers.ts';
import type { StackConfig } from '../config/stack_config.ts';
import { unaskedAddress } from '../config/decisions/unasked_address.ts';

/** More open ports than these are said once more among the next steps. */
const MANY_PORTS = 20;

type Session = StackConfig['tcpSession'];

/** What deserves a second look about the address of the TCP range, and about who reaches it. */
export function tcpRangeWarnings(session: Session): readonly string[] {
  return [openRange(session), unaskedAddress(session), dialledTasks(session)].filter(
    (text) => text !== undefined,
  );
}

/** What is left to do about a range that is open to everybody and long; none where it is short or narrowed. */
export function tcpRangeSteps(session: Session): readonly string[] {
  const open = openRange(session);
  if (session === undefined || open === undefined) return [];
  const { end, start } = session.portRange;
  const count = end - start + 1;
  return count > MANY_PORTS ? [`Narrow who reaches the ${count} TCP ports. ${open}`] : [];
}

/** A load balancer whose health checks end in tasks. */
function dialledTasks(session: Session): string | undefined {
  const { externalTrafficPolicy, platform, type } = session?.service ?? {};
  const isDialled =
    type === 'LoadBalancer' &&
    externalTrafficPolicy === 'Cluster' &&
    LOAD_BALANCER_BY_NAME[platform ?? 'other'].probes === 'node-port';
  if (!isDialled) return undefined;
  return (
    'With tcpSession.service.externalTrafficPolicy Cluster the load balancer connects to each port of each node every few seconds, ' +
    'and through it to each task; an SSH server that counts such connections (OpenSSH from 9.8 on) locks everybody out. Set it to Local.'
  );
}

function openRange(session: Session): string | undefined {
  if (session === undefined) return undefined;
  const { service, sourceRanges } = session;
  if (service.loadBalancerSourceRanges.length + sourceRanges.length > 0) return undefined;
  const narrower =
    service.type === 'LoadBalancer' ? 'tcpSession.service.loadBalancerSourceRanges' : 'A firewall';
  return `TCP ports know no sign-in: whoever reaches a port reaches its task. ${narrower} narrows who can.`;
}
