import type { StackConfig } from '../config/stack_config.ts';
import { clientAddresses, routerSourceRanges } from '../config/decisions/client_addresses.ts';

type Session = NonNullable<StackConfig['tcpSession']>;

/** What deserves a second look about the networks that may connect to TCP ports: a lock against the wrong addresses, or one with a way past it. */
export function sourceRangeWarnings(session: Session | undefined): readonly string[] {
  if (session === undefined) return [];
  const seen = clientAddresses(session);
  const { loadBalancerSourceRanges: ofBalancer } = session.service;
  if (session.sourceRanges.length > 0) return seen === 'hidden' ? [wrongAddresses(session)] : [];
  if (ofBalancer.length === 0 || routerSourceRanges(session).length > 0) return [];
  const remedy =
    seen === 'unknown'
      ? 'Set tcpSession.sourceRanges to the same networks where it leaves clients their addresses'
      : `Set ${revealing(session)}, so that the router checks them, too`;
  return [
    'tcpSession.service.loadBalancerSourceRanges is held by the load balancer alone: node ports, and the address of the ' +
      `Service inside of the cluster, lead past it. ${remedy}.`,
  ];
}

function wrongAddresses(session: Session): string {
  const [whose, why] =
    session.service.platform === 'aws-nlb'
      ? ['the load balancer', 'targets that are pods get its own addresses']
      : ['nodes', "tcpSession.service.externalTrafficPolicy Cluster hides the client's"];
  return (
    `tcpSession.sourceRanges is held against addresses of ${whose}: ${why}. ` +
    `Set ${revealing(session)}, or use tcpSession.service.loadBalancerSourceRanges.`
  );
}

/** The keys by which a client's address gets to the router. */
function revealing({ service: { platform, sharingKey } }: Session): string {
  const header = 'tcpSession.proxyProtocol';
  if (platform === 'aws-nlb') return header;
  const wherePossible = `${header} where the load balancer can`;
  // An address that routers share cannot lead to the nodes of one of them alone.
  if (sharingKey !== undefined) return wherePossible;
  return `tcpSession.service.externalTrafficPolicy to Local, or ${wherePossible}`;
}
