import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';

import { waitFor } from './wait.ts';
import { ROUTER_NAME, ROUTER_NAMESPACE } from '../stack_config.ts';

const NAME = 'task-router-http-lab';
const PORT = 8088;

/** Leads a load balancer's address to the router's HTTP port, where no Ingress does; gives the URL. */
export async function exposeByService(config: KubeConfig): Promise<string> {
  const api = config.makeApiClient(CoreV1Api);
  const namespace = ROUTER_NAMESPACE;
  await api.createNamespacedService({
    namespace,
    body: {
      metadata: { name: NAME },
      spec: {
        type: 'LoadBalancer',
        selector: { 'app.kubernetes.io/instance': ROUTER_NAME },
        ports: [{ name: 'http', port: PORT, targetPort: 'http' }],
      },
    },
  });
  const address = await waitFor(
    120,
    async () => {
      const { status } = await api.readNamespacedService({ namespace, name: NAME });
      const [first] = status?.loadBalancer?.ingress ?? [];
      return first?.ip ?? first?.hostname;
    },
    () =>
      Promise.resolve(
        `Service ${NAME} has no address: this cluster gives none to Services of type LoadBalancer. ` +
          'Give it a load balancer (kind: cloud-provider-kind; minikube: minikube tunnel), or leave out --context.',
      ),
  );
  return `http://${address.includes(':') ? `[${address}]` : address}:${PORT}`;
}
