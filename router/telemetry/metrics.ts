import { VERSION } from '../version.ts';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** A registry that holds the metrics of the process: CPU, memory, event loop lag, open descriptors. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

const PREFIX = 'task_router_';

/**
 * Makes every metric of the router in `registry`. Dashboard and alert rules use exactly these names. Labels come from closed
 * lists, never from what a client or a task says, so that no one can grow the number of series; the one open label is the `port`
 * of the TCP range, which the operator has bounded.
 */
export function createMetrics(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter({ name: PREFIX + name, help, labelNames: [...labelNames], registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name: PREFIX + name, help, labelNames: [...labelNames], registers });
  const buildInfo = gauge('build_info', 'The version of the router and of Node.', [
    'version',
    'node',
  ]);
  buildInfo.set({ version: VERSION, node: process.version }, 1);
  return {
    /** Always 1; `version` is that of the router, `node` that of what runs it. */
    buildInfo,
    /** `code`: `1xx` … `5xx`; `kind`: `endpoint`, `static`, `own`. */
    httpRequests: counter('http_requests_total', 'HTTP requests answered.', ['code', 'kind']),
    httpDuration: new Histogram({
      name: `${PREFIX}http_request_duration_seconds`,
      help: 'Time from the end of the request headers to the end of the answer.',
      labelNames: ['code'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    /** `direction`: `in` (client to task), `out`; `kind`: `http`, `websocket`, `tcp`, `tunnel`. */
    bytes: counter('bytes_total', 'Bytes carried, without framing.', ['direction', 'kind']),
    /** `kind`: as that of `bytes`. */
    openSockets: gauge('open_sockets', 'Open client connections.', ['kind']),
    /** `reason`: a DenialReason. */
    denials: counter('denials_total', 'Requests that the gate or a page of the router refused.', [
      'reason',
    ]),
    /** `outcome`: `ok`, `refused`, `unavailable`. */
    signIns: counter('sign_ins_total', 'Sign-ins at the page of the router.', ['outcome']),
    /** `class`: a FailureClass. */
    upstreamErrors: counter('upstream_errors_total', 'Tasks that failed to answer.', ['class']),
    /** `kind`: `request`, `websocket`, `tunnel`. */
    failovers: counter('failovers_total', 'Sent to another task of a load-balanced route.', [
      'kind',
    ]),
    balancedRoutesDown: gauge(
      'balanced_routes_down',
      'Load-balanced static routes of whose tasks none is well.',
      [],
    ),
    /** `outcome`: `opened`, `refused`, `limited`, `forbidden`, `malformed` (PROXY header), `unreachable`. */
    tcpConnections: counter('tcp_connections_total', 'Connections to the TCP port range.', [
      'port',
      'outcome',
    ]),
    /** `outcome`: `opened`, `refused`, `limited`, `unreachable`. */
    tunnels: counter('tunnels_total', 'TCP over WebSocket sessions.', ['outcome']),
    /** `lane`: `http`, `tcp`; `state`: `open`, `waiting`, `refused`. */
    routes: gauge('routes', 'Ways into endpoints of running tasks.', ['lane', 'state']),
    /** `state`: a HealthState. */
    endpoints: gauge('endpoints', 'Endpoints with an open way in, by whether their tasks answer.', [
      'state',
    ]),
    /** `queue`: the id of a queue. */
    idleSeconds: gauge(
      'idle_seconds',
      'How long the idle tasks of the policy have been idle, together; by queue.',
      ['queue'],
    ),
    /** `state`: `reported`, `by_task` (which reports itself), `left_out`. */
    modelEndpoints: gauge(
      'model_endpoints',
      "Web servers of tasks, by whether this replica lists them on ClearML's page of model endpoints.",
      ['state'],
    ),
    tcpPortsLeft: gauge('tcp_ports_left', 'Free ports of the TCP range.', []),
    tableAge: gauge('table_age_seconds', 'Time since ClearML last confirmed the routes.', []),
    /** Answers that were found changed or lost in a task's runtime. */
    answersRestored: counter('answers_restored_total', 'Answers written again after a loss.', []),
    /** `outcome`: `ok`, `unauthorized`, `unavailable`, `invalid`. */
    clearmlCalls: counter('clearml_calls_total', 'Calls of the ClearML API.', ['outcome']),
    /** `limit`: an Excess. */
    limitsHit: counter('limits_hit_total', 'Work turned away by a limit.', ['limit']),
    overloaded: gauge('overloaded', 'Processes that turn new work away.', []),
    signingKeyWrong: gauge(
      'signing_key_wrong',
      '1 while no known key verifies the tokens that ClearML issues now.',
      [],
    ),
    /** `state`: `answering`, `silent`. */
    replicas: gauge('replicas', 'Replicas that this one found, itself included.', ['state']),
    peersUnknown: gauge(
      'peers_unknown',
      '1 while another replica does not tell what it alone saw, or may be there unfound.',
      [],
    ),
    leader: gauge('leader', '1 on the replica that hands out ports.', []),
  };
}

export type Metrics = Readonly<ReturnType<typeof createMetrics>>;
