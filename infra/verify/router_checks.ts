import { AppsV1Api } from '@kubernetes/client-node';

import type { Check, Finding } from '../checks/check.ts';
import { textOf } from '../checks/known_secret.ts';
import { kubeConfigOf } from '../cluster/kube_config.ts';
import type { StackConfig } from '../config/schema.ts';
import { serverOf } from '../doctor/clearml_checks.ts';
import { routerUrl } from '../router_settings.ts';
import { refusesProgram, refusesUpgrade, sendsToSignIn } from './refusals.ts';
import { listRoutes, reachesRoute, reachesTcp } from './routes.ts';

/** What users should get from a router that was put up. */
export async function routerChecks(config: StackConfig): Promise<readonly Check[]> {
  const url = routerUrl(config);
  const cluster = kubeConfigOf({
    kubeconfig: await textOf(config.kubernetes.kubeconfig),
    context: config.kubernetes.context,
  });
  const outside: readonly Check[] = [
    { title: 'pods', find: () => podsAreReady(cluster, config) },
    { title: 'sign-in', find: () => sendsToSignIn(url) },
    { title: 'no token', find: () => refusesProgram(url) },
    { title: 'WebSocket without a token', find: () => refusesUpgrade(url) },
  ];
  const server = await serverOf(config);
  if (server === undefined) return outside;
  const token = await server.logIn().catch(() => undefined);
  if (token === undefined) return outside;
  return [
    ...outside,
    { title: 'list of routes', find: () => listRoutes(url, token) },
    { title: 'a route, end to end', find: () => reachesRoute(url, token) },
    ...(config.tcpSession === undefined
      ? []
      : [{ title: 'a TCP port', find: () => reachesTcp(url, token) }]),
  ];
}

async function podsAreReady(
  cluster: ReturnType<typeof kubeConfigOf>,
  config: StackConfig,
): Promise<Finding> {
  const { name: namespace } = config.namespace;
  const { name } = config.router;
  const { spec, status } = await cluster
    .makeApiClient(AppsV1Api)
    .readNamespacedDeployment({ name, namespace });
  const says = `${status?.readyReplicas ?? 0} of ${spec?.replicas ?? 1} are ready`;
  if ((status?.readyReplicas ?? 0) >= (spec?.replicas ?? 1)) return { outcome: 'good', says };
  return {
    outcome: 'bad',
    says,
    fix: `kubectl -n ${namespace} logs deployment/${name} says what they wait for.`,
  };
}
