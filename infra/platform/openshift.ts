import { other } from './other.ts';
import type { Platform } from './platform.ts';

/** Red Hat OpenShift and OKD. */
export const openshift: Platform = {
  ...other,
  name: 'openshift',
  title: 'OpenShift',
  // CoreDNS listens on `dns` 5353 behind the Service's 53, and OVN judges after the Service was mapped:
  // https://github.com/openshift/cluster-dns-operator/tree/master/assets/dns
  dns: {
    pods: [
      {
        namespace: 'openshift-dns',
        labels: { 'dns.operator.openshift.io/daemonset-dns': 'default' },
      },
    ],
    ports: [5353],
    networks: [],
  },
  apiServerPorts: [6443],
};
