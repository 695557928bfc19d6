import { UNKNOWN_LOAD_BALANCER, type LoadBalancer } from './load_balancer.ts';

/** https://metallb.io/usage/#ip-address-sharing, https://metallb.io/usage/#traffic-policies */
export const metallb: LoadBalancer = {
  ...UNKNOWN_LOAD_BALANCER,
  name: 'metallb',
  canShareAddress: true,
  keepsClients: true,
};

/**
 * https://docs.cilium.io/en/stable/network/lb-ipam/#sharing-keys,
 * https://docs.cilium.io/en/stable/network/kubernetes/kubeproxy-free/#client-source-ip-preservation
 */
export const cilium: LoadBalancer = {
  ...UNKNOWN_LOAD_BALANCER,
  name: 'cilium',
  canShareAddress: true,
  keepsClients: true,
};
