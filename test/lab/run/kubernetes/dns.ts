import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';

import { runPod } from './pods.ts';

const NAMESPACE = 'kube-system';
/** The labels that clusters give their DNS, whatever program it is. */
const LABELS = { 'k8s-app': 'kube-dns' };

/** Where DNS listens behind port 53 of its Service, as OpenShift's does: a policy that opens 53 alone keeps names away. */
export const DNS_POD_PORT = 5353;

/** The address that every name has. */
export const EVERY_NAME = '192.0.2.1';

/** A DNS server that answers every question by UDP with one A record (RFC 1035 section 4). */
export const DNS_SERVER = `
const socket = require('dgram').createSocket('udp4');
const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...'${EVERY_NAME}'.split('.').map(Number)]);
socket.on('message', (query, { address, port }) => {
  let end = 12;
  while (query[end] !== 0) end += query[end] + 1;
  const head = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  socket.send(Buffer.concat([head, query.subarray(12, end + 5), record]), port, address);
});
socket.bind(${DNS_POD_PORT});
`;

/** Runs a stand-in for the cluster's DNS, with its Service, and gives the Service's address. */
export async function startDns(config: KubeConfig): Promise<string> {
  const dns = { name: 'dns', code: DNS_SERVER, environment: {} };
  await runPod(config, { ...dns, namespace: NAMESPACE, labels: LABELS });
  const service = await config.makeApiClient(CoreV1Api).createNamespacedService({
    namespace: NAMESPACE,
    body: {
      metadata: { name: 'kube-dns', labels: LABELS },
      spec: {
        selector: LABELS,
        ports: [
          { name: 'dns', protocol: 'UDP', port: 53, targetPort: DNS_POD_PORT },
          { name: 'dns-tcp', protocol: 'TCP', port: 53, targetPort: DNS_POD_PORT },
        ],
      },
    },
  });
  return service.spec?.clusterIP ?? '';
}
