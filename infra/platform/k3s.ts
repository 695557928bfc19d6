import { other } from './other.ts';
import type { Platform } from './platform.ts';

/** K3s, which brings Traefik and a load balancer of its own. */
export const k3s: Platform = {
  ...other,
  name: 'k3s',
  title: 'K3s',
  // https://docs.k3s.io/networking/networking-services#traefik-ingress-controller
  ingressController: 'traefik',
  // https://docs.k3s.io/installation/requirements#networking
  apiServerPorts: [6443],
};
