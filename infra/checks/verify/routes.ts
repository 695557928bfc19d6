import { connect } from 'node:net';

import { z } from 'zod';

import { counted } from '../../counted.ts';
import { messageOf } from '../../errors.ts';
import { ANSWER_TIME_LIMIT_MS, bad, good, unsure, type Finding } from '../check.ts';
import { routerList } from '../router_list.ts';
import { answerOf, UPGRADE } from './ask.ts';

/** The part of the router's own list that the checks need. */
const listing = z.looseObject({
  stale: z.boolean(),
  endpoints: z.array(
    z.looseObject({
      http: z.looseObject({ url: z.string().nullable() }).nullable(),
      tcp: z
        .looseObject({
          address: z.string().nullable(),
          port: z.number().nullable(),
          tunnelUrl: z.string().nullable(),
        })
        .nullable(),
    }),
  ),
  administration: z.looseObject({ problems: z.array(z.string()) }).nullable(),
});

/** What the router says of itself and of the endpoints that the token may see. */
export type Listing = z.output<typeof listing>;

/** The router's list. @throws Error with the status when it is refused. */
export function routesOf(url: string, token: string): Promise<Listing> {
  return routerList(url, token, listing);
}

/** The router verifies a token of the server and asks the server about it: both ways work. */
export function judgeList({ administration, endpoints, stale }: Listing): Finding {
  const says = `a ClearML token is accepted; ${counted(endpoints.length, 'endpoint')}`;
  if (stale) {
    const fix = 'ClearML did not answer the last look: the log of the router says why.';
    return bad(`${says}, and the list is stale`, fix);
  }
  const problems = administration?.problems ?? [];
  if (problems.length === 0) return good(says);
  return unsure(`${says}, and problems`, problems.join('; '));
}

/** Whoever is no administrator is shown nothing of tasks that are for their owners alone. */
function noTask({ administration }: Listing, asks: string): Finding {
  if (administration !== null) {
    return unsure(
      `no task asks for ${asks}`,
      'Start a task that asks for access, such as clearml-session, and run this again.',
    );
  }
  return unsure(
    `no task that the router's account may open asks for ${asks}`,
    'Start a task of that account that asks for access, such as clearml-session, or name the account in router.administrators, and run ' +
      'this again.',
  );
}

const REACH =
  'Look whether the task listens, and whether a NetworkPolicy of its namespace lets the router in.';

/** Statuses that the router answers for a task that it does not reach, or that a token does not open. */
const NOT_THE_TASK = new Set([401, 403, 404, 502, 503, 504]);

/** A running task answers through the router. */
export async function reachesRoute(listing: Listing, token: string): Promise<Finding> {
  const route = httpUrlOf(listing.endpoints);
  if (route === undefined) return noTask(listing, 'HTTP');
  const { status } = await answerOf(route, { authorization: `Bearer ${token}` });
  const says = `${route} answers with ${status}`;
  return NOT_THE_TASK.has(status) ? bad(says, REACH) : good(says);
}

function httpUrlOf(endpoints: Listing['endpoints']): string | undefined {
  return endpoints.find(({ http }) => typeof http?.url === 'string')?.http?.url ?? undefined;
}

/**
 * A WebSocket with a token comes through to a task: the tunnel of one that asks for TCP, which is opened whatever the task
 * speaks; else the handshake at one that asks for HTTP, whose own refusal shows, too, that it came through.
 */
export async function opensWebSocket(listing: Listing, token: string): Promise<Finding> {
  const { endpoints } = listing;
  const headers = { ...UPGRADE, authorization: `Bearer ${token}` };
  const tunnel = endpoints.map(({ tcp }) => tcp?.tunnelUrl).find((url) => typeof url === 'string');
  if (typeof tunnel === 'string') {
    const url = tunnel.replace(/^ws/, 'http');
    const protocol = 'tcp.task-traffic-router';
    const { status } = await answerOf(url, { ...headers, 'sec-websocket-protocol': protocol });
    if (status === 101) return good(`${tunnel} opens`);
    return bad(`${tunnel} answers with ${status}`, REACH);
  }
  const route = httpUrlOf(endpoints);
  if (route === undefined) return noTask(listing, 'access');
  const { status } = await answerOf(route, headers);
  const says = `the handshake at ${route} is answered with ${status}`;
  if (status === 101) return good(says);
  return NOT_THE_TASK.has(status)
    ? unsure(says, 'Good when the task speaks no WebSocket there.')
    : good(`${says}, by the task`);
}

/** A port of the range can be reached from here. */
export async function reachesTcp(listing: Listing): Promise<Finding> {
  const lane = listing.endpoints
    .map(({ tcp }) => tcp)
    .find((known) => typeof known?.port === 'number');
  const { address, port } = lane ?? {};
  if (typeof address !== 'string' || typeof port !== 'number') {
    return noTask(listing, 'TCP');
  }
  try {
    await reach(address, port);
  } catch (error) {
    return bad(
      `${address}:${port} cannot be reached: ${messageOf(error)}`,
      'Look at tcpSession.routerAddress, the load balancer, its source ranges, and firewalls in between.',
    );
  }
  return good(`${address}:${port} can be reached`);
}

function reach(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: ANSWER_TIME_LIMIT_MS });
    socket.on('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.on('timeout', () => {
      socket.destroy(new Error(`no answer within ${ANSWER_TIME_LIMIT_MS / 1000} seconds`));
    });
    socket.on('error', reject);
  });
}
