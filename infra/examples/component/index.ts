import { Provider } from '@pulumi/kubernetes';
import { Config, interpolate } from '@pulumi/pulumi';
import { TaskRouter } from 'task-traffic-router';

/**
 * Two routers, in a cluster and a domain that this program could make as well: both values are Outputs. Each router serves its own
 * queues, and the second one lives in the namespace of the first.
 */
const config = new Config();
const cluster = new Provider('cluster', {
  kubeconfig: config.requireSecret('kubeconfig'),
  // Otherwise the ConfigMap of static routes is deleted before it is made anew, and the pods with it.
  enableConfigMapMutable: true,
});
const domain = config.requireSecret('domain');
const clearml = {
  apiServerUrlReference: 'https://api.clearml.example.com',
  apiServerKey: config.requireSecret('accessKey'),
  apiServerSecret: config.requireSecret('secretKey'),
  jwksKey: config.requireSecret('signingKey'),
};
// A component asks no cluster: what `up` would learn from it is said.
const taskNetworks = ['10.244.0.0/16'];
const kubernetes = { platform: 'other' } as const;
const networkPolicy = { apiServerPorts: [6443] };

const research = new TaskRouter(
  'research',
  {
    clearml,
    // TLS ends before the cluster; a host whose certificate lies in it is given without `https`.
    ingress: { hostName: { https: interpolate`research.${domain}` }, controller: 'nginx' },
    router: { queues: ['research'], taskNetworks },
    kubernetes,
    networkPolicy,
  },
  { providers: { kubernetes: cluster } },
);

const models = new TaskRouter(
  'models',
  {
    clearml,
    ingress: { hostName: { https: interpolate`models.${domain}` }, controller: 'nginx' },
    namespace: { name: research.namespace, create: false },
    router: { queues: ['models'], taskNetworks },
    kubernetes,
    networkPolicy,
  },
  { providers: { kubernetes: cluster } },
);

export const researchUrl = research.url;
export const modelsUrl = models.url;
