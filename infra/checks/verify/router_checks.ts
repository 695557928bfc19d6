import { AppsV1Api, type KubeConfig } from '@kubernetes/client-node';

import { bad, good, unsure, type Check, type Finding } from '../check.ts';
import { messageOf } from '../../errors.ts';
import { clusterOf } from '../cluster_of.ts';
import { judgeLevel } from '../level_in_force.ts';
import { once } from '../once.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { serverOf } from '../doctor/clearml_checks.ts';
import { hostsOf, sampleOf } from '../../config/decisions/tls.ts';
import { pagesUrl, routerUrl } from '../../config/decisions/router_url.ts';
import { runPulumi } from '../../pulumi_cli.ts';
import { stateIsLive } from './state_check.ts';
import { judgeServedCertificate } from './served_certificate.ts';
import { refusesProgram, refusesUpgrade, sendsToSignIn } from './refusals.ts';
import {
  judgeList,
  type Listing,
  opensWebSocket,
  reachesRoute,
  reachesTcp,
  routesOf,
} from './routes.ts';

/** What users should get from a router that was put up by `stack`. */
export function routerChecks(config: StackConfig, stack: string): readonly Check[] {
  const url = routerUrl(config);
  const pages = pagesUrl(config);
  const { kubeConfig, reader } = clusterOf(config);
  const token = once(async () => (await serverOf(config, reader)).logIn());
  const listing = once(async () => routesOf(pages, await token()));
  return [
    {
      title: 'state',
      find: () =>
        stateIsLive(JSON.parse(runPulumi(['stack', 'export', '--stack', stack])), reader, stack),
    },
    { title: 'pods', find: () => podsAreReady(kubeConfig, config) },
    ...certificateChecks(config, url),
    { title: 'sign-in', find: () => sendsToSignIn(url) },
    { title: 'no token', find: () => refusesProgram(url) },
    { title: 'WebSocket without a token', find: () => refusesUpgrade(url) },
    { title: 'who may open endpoints', find: async () => judgeLevel(config, await token()) },
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

const NOT_LOOKED_AT: Finding = unsure('not looked at', 'It takes the list of routes.');

async function judgeRoutes(
  listing: () => Promise<Listing>,
  { namespace, router }: StackConfig,
): Promise<Finding> {
  try {
    return judgeList(await listing());
  } catch (error) {
    return bad(
      messageOf(error),
      'npm run doctor looks at the account and the signing key, and so does the log: ' +
        `kubectl -n ${namespace.name} logs deployment/${router.name}`,
    );
  }
}

function certificateChecks(config: StackConfig, url: string): Check[] {
  if (!url.startsWith('https:')) return [];
  return hostsOf(config).map((host) => ({
    title: `certificate of ${host}`,
    find: () => judgeServedCertificate(url, sampleOf(host)),
  }));
}

async function podsAreReady(cluster: KubeConfig, config: StackConfig): Promise<Finding> {
  const { name: namespace } = config.namespace;
  const { name } = config.router;
  const { spec, status } = await cluster
    .makeApiClient(AppsV1Api)
    .readNamespacedDeployment({ name, namespace });
  const says = `${status?.readyReplicas ?? 0} of ${spec?.replicas ?? 1} are ready`;
  if ((status?.readyReplicas ?? 0) >= (spec?.replicas ?? 1)) return good(says);
  return bad(says, `kubectl -n ${namespace} logs deployment/${name} says what they wait for.`);
}
