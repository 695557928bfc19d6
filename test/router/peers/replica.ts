import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Served } from '../../../router/activity/served.ts';
import type { EndpointId } from '../../../router/grammar/endpoint_id.ts';
import { newId } from '../../../router/peers/journal.ts';
import { Peers, type PeersParts } from '../../../router/peers/peers.ts';
import { TOLD_PATH, type HealthSeen, type OpenConnections } from '../../../router/peers/told.ts';
import { createAdminServer } from '../../../router/telemetry/admin_server.ts';
import { createLog } from '../../../router/telemetry/log.ts';

/** Keys as ROUTER_SECRET gives them; every replica of a test has the first unless it says otherwise. */
export const KEYS = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array];

/** Rounds follow each other at once, so that a test waits for none. */
const TIMES = { wanted: 5, unwanted: 5, wantedFor: 0 };

/** Of how many replicas a test may make. */
export function endpointId(number: number): EndpointId {
  return number.toString(16).padStart(32, '0');
}

/** One replica with its admin server. */
export interface TestReplica {
  readonly peers: Peers;
  readonly address: string;
  readonly port: number;
  /** When each endpoint of its table was used, by what it saw itself. */
  readonly used: Map<EndpointId, number>;
  readonly lines: string[];
  /** Ends its server and its asking, as the death of a process does. */
  readonly kill: () => Promise<void>;
}

/** What is not said is that of an ordinary replica. */
export interface ReplicaParts extends Partial<
  Pick<PeersParts, 'keys' | 'resolve' | 'times' | 'heardServed'>
> {
  readonly address?: string;
  readonly port?: number;
  readonly name?: string;
  readonly open?: OpenConnections;
  readonly used?: Map<EndpointId, number>;
  /** What it served. */
  readonly served?: ReadonlyMap<EndpointId, Served>;
  /** What it knows of the web servers of endpoints. */
  readonly health?: ReadonlyMap<EndpointId, HealthSeen>;
}

/** Its server listens; it asks nobody until its `peers` are started. */
export async function startReplica(t: TestContext, parts: ReplicaParts): Promise<TestReplica> {
  const { address = '127.0.0.1', name = 'router', used = new Map() } = parts;
  const { open = { websocket: 0, tcp: 0, tunnel: 0 } } = parts;
  const lines: string[] = [];
  const server = createAdminServer({
    contentType: 'text/plain',
    metrics: async () => '',
    readiness: () => [],
    peers: {
      path: TOLD_PATH,
      answer: ({ url = '', headers }) => peers.answer(url, headers.authorization),
    },
  });
  server.listen(parts.port ?? 0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const peers = new Peers({
    host: 'router-peers',
    port,
    keys: parts.keys ?? (() => [KEYS[0]]),
    own: {
      replica: { id: newId(), name, version: '1.2.3', startedAt: 1_000 },
      endpoints: () => used,
      seen: (id) => ({
        usedAt: used.get(id) ?? 0,
        http: parts.health?.get(id),
        served: parts.served?.get(id),
      }),
      open: async () => open,
    },
    log: createLog('info', { write: (line) => lines.push(line) }),
    heardServed: parts.heardServed,
    resolve: parts.resolve ?? (async () => [address]),
    times: parts.times ?? TIMES,
  });
  const kill = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await peers.stop();
  };
  t.after(kill);
  return { peers, address, port, used, lines, kill };
}

/** What rounds bring is awaited, not timed. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}
