import * as z from 'zod';
import type { Denied } from '../../auth/gate/decision.ts';
import { RateLimit } from '../../load/rate_limit.ts';
import type { Known, Viewer } from '../../auth/gate/viewer.ts';
import type { Activity } from '../../activity/activity.ts';
import type { Way } from '../../activity/way.ts';
import type { Answer } from '../../pages/answer.ts';
import { probeHeaders, probeHttp, probeTcp, type Probe } from '../../upstream/probe.ts';
import { FAILURE_DETAILS } from '../../upstream/failure.ts';
import type { Endpoint, Route } from '../../routes/model/endpoint.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import type { RouterUrl } from '../../settings/values.ts';
import { WAITING } from '../overview/listing.ts';
import { underBase } from '../../grammar/path.ts';
import { rateLimited } from '../parts/refusals.ts';
import { seenEndpoint } from './seen_endpoint.ts';

const way = z
  .strictObject({
    outcome: z
      .enum([
        'answers',
        'refused',
        'timeout',
        'unreachable',
        'reset',
        'protocol',
        'http2',
        'tls',
        'certificate',
        'other',
        'waiting',
        'not-served',
      ])
      .meta({
        description:
          'waiting: the task has not said where it listens; not-served: the router refuses the ask; the others are what the connection came to',
      }),
    status: z.int().nullable().meta({ description: 'Of the answer to GET /; null without one.' }),
    milliseconds: z.int().nullable(),
    detail: z.string(),
  })
  .meta({ id: 'WayTest' });

/** The answer of a connectivity test: null for a way that the task has not asked for. */
export const CONNECTIVITY = z
  .strictObject({ endpoint: z.string(), http: way.nullable(), tcp: way.nullable() })
  .meta({ id: 'Connectivity' });

export type Connectivity = z.infer<typeof CONNECTIVITY>;
export type WayTest = z.infer<typeof way>;

export interface ConnectivityTestParts {
  readonly routerUrl: RouterUrl;
  readonly routes: RouteSource;
  readonly viewer: Viewer;
  readonly activity: Activity;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** Enough for a look at a list of endpoints, too little to scan with. */
const PER_USER = { atOnce: 20, perSecond: 1 / 2 };
/** Tests under way at one time, for all users together. */
const AT_ONCE = 32;

function tooMany(seconds: number): Answer {
  const detail = 'The router tests only so many connections at a time.';
  return rateLimited(seconds, detail, 'Too many tests');
}

/** Tries, from the router, whether a task answers at the address of its own route, for those who may see the task. */
export class ConnectivityTest {
  readonly #parts: ConnectivityTestParts;
  readonly #rate: RateLimit;
  #underWay = 0;

  constructor(parts: ConnectivityTestParts) {
    this.#parts = parts;
    this.#rate = new RateLimit(PER_USER, parts.now);
  }

  /** @param clientAddress counted where there is no user: with AUTH_ENABLED=false. */
  async run(
    known: Known,
    id: EndpointId,
    clientAddress: string,
  ): Promise<Connectivity | Answer | Denied> {
    const endpoint = await seenEndpoint(this.#parts, known, id);
    if ('status' in endpoint) return endpoint;
    const who = known.identity?.userId ?? clientAddress;
    if (this.#underWay >= AT_ONCE) return tooMany(1);
    if (!this.#rate.take(who)) return tooMany(this.#rate.wait(who));
    this.#underWay += 1;
    try {
      const { http, tcp } = endpoint;
      const [byHttp, byTcp] = await Promise.all([
        this.#test(endpoint, 'http', http),
        this.#test(endpoint, 'tcp', tcp),
      ]);
      return { endpoint: id, http: byHttp, tcp: byTcp };
    } finally {
      this.#underWay -= 1;
    }
  }

  async #test(endpoint: Endpoint, name: Way, route: Route | undefined): Promise<WayTest | null> {
    if (route === undefined) return null;
    if (route.state === 'refused') return notTried('not-served', route.reason);
    if (route.state === 'waiting') return notTried('waiting', WAITING);
    const { activity, routerUrl } = this.#parts;
    const { id, http } = endpoint;
    const headers = probeHeaders(routerUrl, endpoint, 'connectivity test');
    const probe =
      name === 'tcp'
        ? await probeTcp(route.upstream)
        : await probeHttp(route.upstream, headers, undefined, underBase('/', http?.basePath));
    if (probe.outcome === 'answers') activity.reached(name, id);
    else activity.failed(name, id, probe.outcome);
    return told(probe);
  }
}

function notTried(outcome: WayTest['outcome'], detail: string): WayTest {
  return { outcome, status: null, milliseconds: null, detail };
}

function told(probe: Probe): WayTest {
  if (probe.outcome !== 'answers') return notTried(probe.outcome, FAILURE_DETAILS[probe.outcome]);
  const { outcome, status, milliseconds } = probe;
  const detail =
    status === undefined
      ? `It takes connections, after ${milliseconds} ms.`
      : `It answers with ${status}, after ${milliseconds} ms.`;
  return { outcome, status: status ?? null, milliseconds, detail };
}
