/*
 * The lab's stand-in for a cloud's load balancers, a process of its own: node load_balancer.ts NETWORK. Each Service of type
 * LoadBalancer gets an address of NETWORK (CIDR), written to its status; kube-proxy then answers there, and the host has a
 * route. Like a cloud, it keeps an address for as long as its Service lives, and grants `spec.loadBalancerIP` where it is free.
 */
import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import type { V1Service } from '@kubernetes/client-node';
import { claimAddress } from './load_balancer_addresses.ts';

const RECONNECT_MS = 500;

const [, , network] = process.argv;
if (network === undefined) throw new Error('usage: node load_balancer.ts NETWORK');
const config = new KubeConfig();
config.loadFromDefault();
const api = config.makeApiClient(CoreV1Api);
/** Address → uid of the Service that has it. */
const claims = new Map<string, string>();

async function serve(service: V1Service): Promise<void> {
  const { uid, name, namespace } = service.metadata ?? {};
  if (uid === undefined || name === undefined || namespace === undefined) return;
  const current = service.status?.loadBalancer?.ingress?.[0]?.ip;
  const wanted =
    service.spec?.type === 'LoadBalancer' && service.spec.loadBalancerClass === undefined;
  if (!wanted) {
    release(uid);
    if (current !== undefined) await publish(name, namespace, []);
    return;
  }
  const address = claimAddress(claims, network ?? '', uid, current ?? service.spec?.loadBalancerIP);
  if (address === undefined) {
    console.error(`${namespace}/${name}: every address of ${network} is taken`);
  } else if (address !== current) {
    await publish(name, namespace, [{ ip: address }]);
    console.log(`${namespace}/${name}: ${address}`);
  }
}

async function publish(name: string, namespace: string, ingress: { ip: string }[]): Promise<void> {
  await api.patchNamespacedServiceStatus({
    name,
    namespace,
    body: [
      { op: 'add', path: '/status/loadBalancer', value: ingress.length > 0 ? { ingress } : {} },
    ],
  });
}

function release(uid: string): void {
  for (const [address, owner] of claims) {
    if (owner === uid) claims.delete(address);
  }
}

const informer = makeInformer<V1Service>(config, '/api/v1/services', () =>
  api.listServiceForAllNamespaces(),
);
const served = (service: V1Service): void => {
  serve(service).catch((error: unknown) => console.error(String(error)));
};
informer.on('add', served);
informer.on('update', served);
informer.on('delete', (service) => release(service.metadata?.uid ?? ''));
informer.on('error', (error: unknown) => {
  console.error(String(error));
  setTimeout(() => void informer.start(), RECONNECT_MS);
});
await informer.start();
console.log(`stand-in for a cloud's load balancers: addresses of ${network}`);
