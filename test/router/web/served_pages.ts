import { EndpointRights } from '../../../router/auth/access/endpoint_rights.ts';
import type { Levels } from '../../../router/auth/auth.ts';
import { NOTHING_SHARED } from '../../../router/auth/sharing/shares.ts';
import type { EndpointLevel } from '../../../router/grammar/access_level.ts';
import type { Identity } from '../../../router/auth/identity/identity.ts';
import type { IdleTask } from '../../../router/idle/idle_watch.ts';
import type { Viewer } from '../../../router/auth/gate/viewer.ts';
import { Activity } from '../../../router/activity/activity.ts';
import type { Check } from '../../../router/activity/check.ts';
import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import type { RoutesState } from '../../../router/routes/routes.ts';
import type { PeersView } from '../../../router/peers/peers.ts';
import { readSettings } from '../../../router/settings/settings.ts';
import {
  EMPTY_TABLE,
  type RouteTable,
  type StaticRoute,
} from '../../../router/routes/model/table.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';
import { createOwnPages } from '../../../router/web/web.ts';
import { AskedTasks } from '../../support/asked_tasks.ts';
import { Authority } from '../../support/auth_fixture.ts';
import { listenFor } from '../../support/site.ts';

/** A task that is hostile in everything that it may choose. */
export const HOSTILE_NAME = `<img src=x onerror=alert(1)>"'&amp;`;

function endpoint(
  digit: string,
  task: Partial<Endpoint['task']>,
  lanes: Partial<Pick<Endpoint, 'http' | 'tcp' | 'name' | 'label'>>,
): Endpoint {
  const id = digit.repeat(32);
  return {
    id: lanes.name === undefined ? id : `${id}__${lanes.name}`,
    name: undefined,
    label: undefined,
    access: undefined,
    http: undefined,
    tcp: undefined,
    ...lanes,
    task: {
      id,
      name: 'a task',
      type: 'application',
      projectName: 'Examples',
      userId: 'alice',
      companyId: 'acme',
      queueId: undefined,
      startedAt: Date.UTC(2026, 0, 2, 3, 4, Number.parseInt(digit, 16)),
      ...task,
    },
  };
}

const upstream = { address: '10.0.0.1', family: 4, port: 8888 } as const;

/** Every state that a lane can be in, for alice; one task of bob's; one of another company's. */
export const ENDPOINTS = {
  jupyter: endpoint(
    'a',
    { name: 'JupyterLab for the churn model' },
    {
      http: { state: 'open', upstream },
      tcp: { state: 'open', upstream: { ...upstream, port: 22 }, port: 10_022 },
      label: 'a'.repeat(32),
    },
  ),
  named: endpoint(
    'b',
    { name: 'vLLM' },
    {
      name: 'metrics',
      http: { state: 'waiting' },
      tcp: { state: 'open', upstream, port: undefined },
    },
  ),
  refused: endpoint(
    'c',
    { name: HOSTILE_NAME, projectName: undefined },
    { http: { state: 'refused', reason: 'address 169.254.169.254 is never served' } },
  ),
  bobs: endpoint('d', { name: 'bob’s task', userId: 'bob' }, { http: { state: 'open', upstream } }),
  foreign: endpoint(
    'e',
    { name: 'foreign task', companyId: 'other' },
    { http: { state: 'open', upstream } },
  ),
} as const;

export const STATIC_ROUTE: StaticRoute = {
  name: 'chat',
  type: 'path',
  match: 'chat',
  access: 'visible',
  loadBalanced: true,
  enabled: true,
  status: 'routing',
  endpoints: [ENDPOINTS.jupyter, ENDPOINTS.bobs],
};

export function tableWith(change: Partial<RouteTable> = {}): RouteTable {
  return {
    ...EMPTY_TABLE,
    version: 1,
    confirmedAt: Date.UTC(2026, 0, 2, 4),
    endpoints: new Map(Object.values(ENDPOINTS).map((each) => [each.id, each])),
    staticPaths: new Map([['chat', STATIC_ROUTE]]),
    ...change,
  };
}

/** As many endpoints as a big installation has: of alice's company, with both ways open. */
export function manyEndpoints(count: number): RouteTable['endpoints'] {
  const { jupyter } = ENDPOINTS;
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const id = (index + 1).toString(16).padStart(32, '0');
      const task = { ...jupyter.task, id, name: `session ${index}`, startedAt: index + 1 };
      return [id, { ...jupyter, id, label: id, task }];
    }),
  );
}

export function identity(role: string): Identity {
  return {
    userId: 'alice',
    userName: 'Alice Liddell',
    companyId: 'acme',
    role,
    tokenKey: 'k',
    expiresAt: Date.now() + 1_000_000,
    token: 'SECRET-TOKEN',
  };
}

/** ClearML lets alice see her own tasks. */
export function viewerOf(role: string): Viewer & { readonly asked: string[] } {
  const asked: string[] = [];
  const hers = new Set<string>(
    [ENDPOINTS.jupyter, ENDPOINTS.named, ENDPOINTS.refused].map(({ id }) => id),
  );
  return {
    asked,
    identify: async ({ rawHeaders }) =>
      rawHeaders.includes('alice')
        ? { outcome: 'known', identity: identity(role), credential: 'bearer' }
        : { outcome: 'denied', status: 401, reason: 'no-token' },
    sees: async () => true,
    visible: async (_known, ids) => {
      asked.push(...ids);
      return new Set(ids.filter((id) => hers.has(id)));
    },
    openRoutes: async (_known, routes) =>
      new Set(routes.filter(({ endpoints }) => endpoints.some(({ id }) => hers.has(id)))),
  };
}

/** What the stand-ins say of the reconciler. */
const STATE: RoutesState = {
  ready: true,
  leader: true,
  holder: 'router-0',
  lastError: undefined,
  lastFailure: { at: Date.UTC(2026, 0, 2, 3), message: 'ClearML answered 502' },
  problems: ['the TCP range is full'],
  portsLeft: 3,
};

/** What holds where this level is set; unset, a server decides that shows every task to everybody. */
function levelsOf(set: EndpointLevel | 'unset'): Levels {
  const level = () => (set === 'unset' ? 'owner' : set);
  const rights = new EndpointRights({
    defaultLevel: level,
    widest: 'visible',
    shares: NOTHING_SHARED,
  });
  return { rights, byDefault: { level, decidedBy: set === 'unset' ? 'server' : 'setting' } };
}

/** The pages on a port of their own, as the server of users' traffic calls them. */
export async function serveWeb(
  viewer: Viewer,
  table = tableWith(),
  state: Partial<RoutesState> = {},
  defaultLevel: EndpointLevel | 'unset' = 'visible',
  check: Check = async () => 'other',
  peers?: PeersView,
) {
  const routes = {
    current: () => table,
    subscribe: () => () => undefined,
    state: () => ({ ...STATE, ...state }),
    stampedUse: () => 0,
  };
  // Nobody is where these tasks say that they are.
  const activity = new Activity(routes, { check });
  const idle = new Map<string, IdleTask>();
  const pages = createOwnPages({
    settings: readSettings({
      ROUTER_URL: 'https://tasks.example.com',
      ROUTER_WILDCARD_HOST: 'tasks.example.net',
      TCP_ROUTER_ADDRESS: 'tcp.example.com',
      TCP_PORT_START: '10022',
      TCP_PORT_END: '10025',
      CLEARML_WEB_URL: 'https://clearml.example.com',
      CLEARML_API_HOST: 'https://api.clearml.example.com',
      CLEARML_API_ACCESS_KEY: 'access',
      CLEARML_API_SECRET_KEY: 'secret',
      AUTH_BASE64_JWKS_KEY: 'a-signing-secret-of-the-server-0123456789',
    }),
    auth: {
      viewer,
      endpointTokens: undefined,
      devices: undefined,
      levels: levelsOf(defaultLevel),
      sharing: undefined,
      signIn: undefined,
    },
    routes,
    activity,
    peers,
    idle: (taskId) => idle.get(taskId),
    clearml: new AskedTasks(new Authority(), routes),
    taskPods: undefined,
    log: createLog('error', process.stderr),
    metrics: createMetrics(createRegistry()),
  });
  const { url, close } = await listenFor(pages);
  return {
    url,
    activity,
    idle,
    get: (path: string, headers: Record<string, string> = { 'x-user': 'alice' }, method = 'GET') =>
      fetch(url + path, { headers, method, redirect: 'manual' }),
    close: () => {
      activity.close();
      close();
    },
  };
}
