import type { StackConfig } from '../stack_config.ts';
import { OWN_PORTS } from './ports.ts';

type Session = NonNullable<StackConfig['tcpSession']>;

/**
 * Annotations of the Services for TCP, for what gives them their address; those of config override what its platform has to be told.
 *
 * @param ownKey what Services of one router share an address by, where config names no key.
 */
export function tcpAnnotations(session: Session, ownKey: string): Readonly<Record<string, string>> {
  return { ...ofPlatform(session, ownKey), ...session.service.annotations };
}

/**
 * What a platform's load balancer has to be told.
 *
 * - aws-nlb: the AWS Load Balancer Controller, straight to the pods. Its health check asks the router's own: by default it connects to
 *   each port of the range, and through it to the task.
 *   https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/#health-check
 * - cilium, metallb: Services with the same key share one address. MetalLB reads `metallb.io/` from 0.14.9 on, and the other prefix
 *   before; where both are there, the former counts.
 *   https://docs.cilium.io/en/stable/network/lb-ipam/#sharing-keys
 *   https://metallb.io/usage/#ip-address-sharing
 *   https://metallb.io/release-notes/#version-0-14-9
 */
function ofPlatform(session: Session, ownKey: string): Record<string, string> {
  const { platform, portsPerService, sharingKey } = session.service;
  if (platform === 'aws-nlb') {
    return {
      'service.beta.kubernetes.io/aws-load-balancer-healthcheck-path': '/readyz',
      'service.beta.kubernetes.io/aws-load-balancer-healthcheck-port': String(OWN_PORTS.health),
      'service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol': 'http',
      'service.beta.kubernetes.io/aws-load-balancer-nlb-target-type': 'ip',
      'service.beta.kubernetes.io/aws-load-balancer-type': 'external',
      ...(session.proxyProtocol
        ? { 'service.beta.kubernetes.io/aws-load-balancer-proxy-protocol': '*' }
        : {}),
    };
  }
  const key = sharingKey ?? (portsPerService === undefined ? undefined : ownKey);
  if (key === undefined) return {};
  if (platform === 'metallb') {
    return { 'metallb.io/allow-shared-ip': key, 'metallb.universe.tf/allow-shared-ip': key };
  }
  return platform === 'cilium' ? { 'lbipam.cilium.io/sharing-key': key } : {};
}
