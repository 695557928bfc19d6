import { AppsV1Api, type KubeConfig } from '@kubernetes/client-node';

import { type Check, type Finding, messageOf } from '../checks/check.ts';
import { clusterOf } from '../checks/cluster_of.ts';
import { once } from '../checks/once.ts';
import type { StackConfig } from '../config/schema.ts';
import { serverOf } from '../doctor/clearml_checks.ts';
import { hostsOf } from '../exposure/tls.ts';
import { routerUrl } from '../router_settings.ts';
import { judgeServedCertificate } from './certificate.ts';
import { refusesProgram, refusesUpgrade, sendsToSignIn } from './refusals.ts';
import {
  judgeList,
  type Listing,
  opensWebSocket,
  reachesRoute,
  reachesTcp,
  routesOf,
} from './routes.ts';

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
    { title: 'list of routes', find: () => judgeRoutes(listing, config) },
    ...throughRoutes(config).map(({ look, title }) => ({
      title,
      find: async (): Promise<Finding> => {
        const known = await listing().catch(() => undefined);
        return known === undefined ? NOT_LOOKED_AT : look(known, await token());
      },
    })),
  ];
}

/** What is tried with the routes of the list. */
interface RouteCheck {
  readonly title: string;
  readonly look: (listing: Listing, token: string) => Promise<Finding>;
}

function throughRoutes(config: StackConfig): readonly RouteCheck[] {
  return [
    { title: 'a route, end to end', look: reachesRoute },
    { title: 'a WebSocket, end to end', look: opensWebSocket },
    ...(config.tcpSession === undefined ? [] : [{ title: 'a TCP port', look: reachesTcp }]),
  ];
}

const NOT_LOOKED_AT: Finding = {
  outcome: 'unsure',
  says: 'not looked at',
  fix: 'It takes the list of routes.',
};

async function judgeRoutes(
  listing: () => Promise<Listing>,
  { namespace, router }: StackConfig,
): Promise<Finding> {
  try {
    return judgeList(await listing());
  } catch (error) {
    return {
      outcome: 'bad',
      says: messageOf(error),
      fix:
        'npm run doctor looks at the account and the signing key, and so does the log: ' +
        `kubectl -n ${namespace.name} logs deployment/${router.name}`,
    };
  }
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
