import type { StackConfig } from '../config/stack_config.ts';
import { unaskedAddress } from '../config/decisions/unasked_address.ts';

/** More open ports than these are said once more among the next steps. */
const MANY_PORTS = 20;

type Session = StackConfig['tcpSession'];

/** What deserves a second look about the address of the TCP range, and about who reaches it. */
export function tcpRangeWarnings(session: Session): readonly string[] {
  return [openRange(session), unaskedAddress(session)].filter((text) => text !== undefined);
}

/** What is left to do about a range that is open to everybody and long; none where it is short or narrowed. */
export function tcpRangeSteps(session: Session): readonly string[] {
  const open = openRange(session);
  if (session === undefined || open === undefined) return [];
  const { end, start } = session.portRange;
  const count = end - start + 1;
  return count > MANY_PORTS ? [`Narrow who reaches the ${count} TCP ports. ${open}`] : [];
}

function openRange(session: Session): string | undefined {
  if (session === undefined) return undefined;
  const { service, sourceRanges } = session;
  if (service.loadBalancerSourceRanges.length + sourceRanges.length > 0) return undefined;
  const narrower =
    service.type === 'LoadBalancer' ? 'tcpSession.service.loadBalancerSourceRanges' : 'A firewall';
  return `TCP ports know no sign-in: whoever reaches a port reaches its task. ${narrower} narrows who can.`;
}
