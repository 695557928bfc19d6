import { connect } from 'node:net';

import { z } from 'zod';

import type { Finding } from '../checks/check.ts';

/** The part of the router's own list that the checks need. */
const listing = z.looseObject({
  endpoints: z.array(
    z.looseObject({
      http: z.looseObject({ url: z.string().nullable() }).nullable(),
      tcp: z
        .looseObject({ address: z.string().nullable(), port: z.number().nullable() })
        .nullable(),
    }),
  ),
});

type Listing = z.output<typeof listing>;

async function routesOf(url: string, token: string): Promise<Listing> {
  const response = await fetch(`${url}/api/v1/routes`, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  });
  if (response.status !== 200) throw new Error(`answered with ${response.status}`);
  return listing.parse(await response.json());
}

/** The router verifies a token of the server and asks the server about it: both ways work. */
export async function listRoutes(url: string, token: string): Promise<Finding> {
  const { endpoints } = await routesOf(url, token);
  return { outcome: 'good', says: `a ClearML token is accepted; ${endpoints.length} endpoints` };
}

const NO_TASK = 'Start a task that asks for access, such as clearml-session, and run this again.';

/** A running task answers through the router. */
export async function reachesRoute(url: string, token: string): Promise<Finding> {
  const { endpoints } = await routesOf(url, token);
  const route = endpoints.map(({ http }) => http?.url).find((known) => typeof known === 'string');
  if (typeof route !== 'string') {
    return { outcome: 'unsure', says: 'no task asks for HTTP', fix: NO_TASK };
  }
  const response = await fetch(route, {
    headers: { authorization: `Bearer ${token}` },
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  });
  await response.body?.cancel();
  const says = `${route} answers with ${response.status}`;
  if (response.status < 500 && response.status !== 401 && response.status !== 404) {
    return { outcome: 'good', says };
  }
  return {
    outcome: 'bad',
    says,
    fix: 'Look whether the task listens, and whether a NetworkPolicy of its namespace lets the router in.',
  };
}

/** A port of the range can be reached from here. */
export async function reachesTcp(url: string, token: string): Promise<Finding> {
  const { endpoints } = await routesOf(url, token);
  const lane = endpoints.map(({ tcp }) => tcp).find((known) => typeof known?.port === 'number');
  const { address, port } = lane ?? {};
  if (typeof address !== 'string' || typeof port !== 'number') {
    return { outcome: 'unsure', says: 'no task asks for TCP', fix: NO_TASK };
  }
  await reach(address, port);
  return { outcome: 'good', says: `${address}:${port} can be reached` };
}

function reach(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 10_000 });
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('timeout', () => {
      socket.destroy(new Error(`${host}:${port} does not answer`));
    });
    socket.on('error', reject);
  });
}
