import { AppsV1Api, type KubeConfig } from '@kubernetes/client-node';

import type { Check, Finding } from '../checks/check.ts';
import { clusterOf } from '../checks/cluster_of.ts';
import { once } from '../checks/once.ts';
import type { StackConfig } from '../config/schema.ts';
import { serverOf } from '../doctor/clearml_checks.ts';
import { hostsOf } from '../exposure/tls.ts';
import { routerUrl } from '../router_settings.ts';
import { judgeServedCertificate } from './certificate.ts';
import { refusesProgram, refusesUpgrade, sendsToSignIn } from './refusals.ts';
import { judgeList, opensWebSocket, reachesRoute, reachesTcp, routesOf } from './routes.ts';

/** What users should get from a router that was put up. */
export async function routerChecks(config: StackConfig): Promise<readonly Check[]> {
  const url = routerUrl(config);
  const { kubeConfig, reader } = await clusterOf(config);
  const token = once(async () => (await serverOf(config, reader)).logIn());
  const listing = once(async () => routesOf(url, await token()));
  return [
    { title: 'pods', find: () => podsAreReady(kubeConfig, config) },
    ...certificateChecks(config, url),
    { title: 'sign-in', find: () => sendsToSignIn(url) },
    { title: 'no token', find: () => refusesProgram(url) },
    { title: 'WebSocket without a token', find: () => refusesUpgrade(url) },
    { title: 'list of routes', find: async () => judgeList(await listing()) },
    {
      title: 'a route, end to end',
      find: async () => reachesRoute(await listing(), await token()),
    },
    {
      title: 'a WebSocket, end to end',
      find: async () => opensWebSocket(await listing(), await token()),
    },
    ...(config.tcpSession === undefined
      ? []
      : [{ title: 'a TCP port', find: async () => reachesTcp(await listing()) }]),
  ];
}

function certificateChecks(config: StackConfig, url: string): Check[] {
  if (!url.startsWith('https:')) return [];
  return hostsOf(config).map((host) => {
    // Any name below the wildcard stands for all of them.
    const name = host.replace(/^\*/, 'any');
    return { title: `certificate of ${host}`, find: () => judgeServedCertificate(url, name) };
  });
}

async function podsAreReady(cluster: KubeConfig, config: StackConfig): Promise<Finding> {
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
