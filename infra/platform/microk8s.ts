import { other } from './other.ts';
import type { Platform } from './platform.ts';

/** Canonical MicroK8s. */
export const microk8s: Platform = {
  ...other,
  name: 'microk8s',
  title: 'MicroK8s',
  // https://microk8s.io/docs/services-and-ports
  apiServerPorts: [16_443],
};
