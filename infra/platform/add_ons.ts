import { UNKNOWN_LOAD_BALANCER, type LoadBalancer } from './load_balancer.ts';

/** https://metallb.io/usage/#ip-address-sharing */
export const metallb: LoadBalancer = {
  ...UNKNOWN_LOAD_BALANCER,
  name: 'metallb',
  canShareAddress: true,
};

/** https://docs.cilium.io/en/stable/network/lb-ipam/#sharing-keys */
export const cilium: LoadBalancer = {
  ...UNKNOWN_LOAD_BALANCER,
  name: 'cilium',
  canShareAddress: true,
};
