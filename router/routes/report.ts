import type { Log } from '../telemetry/log.ts';
import type { Endpoint, Lane } from './endpoint.ts';
import type { RouteTable } from './table.ts';

/** When a table changes more endpoints than this (a start, a changed queue), their lines are for debugging, and one line sums up. */
const MANY = 100;

function reportLane(
  log: Log,
  say: Log['info'],
  endpoint: Endpoint,
  lane: 'http' | 'tcp',
  before?: Lane,
): void {
  const now = endpoint[lane];
  if (now === undefined || now === before) return;
  const common = { endpoint: endpoint.id, task: endpoint.task.id, lane };
  if (now.state === 'open') {
    const { address, port } = now.upstream;
    const external = lane === 'tcp' ? endpoint.tcp?.port : undefined;
    say(
      { event: 'route_opened', ...common, upstream: `${address} ${port}`, port: external },
      'Route opened',
    );
  } else if (now.state === 'refused') {
    if (before?.state === 'refused' && before.reason === now.reason) return;
    log.warn({ event: 'ask_refused', ...common, reason: now.reason }, 'An ask cannot be served');
  }
}

/** Says in the log what one table changed against the one before. */
export function reportChanges(log: Log, next: RouteTable, previous: RouteTable): void {
  const changed = [...next.endpoints.values()].filter(
    (endpoint) => previous.endpoints.get(endpoint.id) !== endpoint,
  );
  const gone = [...previous.endpoints.values()].filter(({ id }) => !next.endpoints.has(id));
  const many = changed.length + gone.length > MANY;
  const say = many ? log.debug : log.info;
  for (const endpoint of changed) {
    const before = previous.endpoints.get(endpoint.id);
    reportLane(log, say, endpoint, 'http', before?.http);
    reportLane(log, say, endpoint, 'tcp', before?.tcp);
  }
  for (const { id, task } of gone) {
    const fields = { event: 'endpoint_gone', endpoint: id, task: task.id };
    say(fields, 'The task ended or asks no longer; its routes are closed');
  }
  if (many) {
    const counts = { changed: changed.length, gone: gone.length, endpoints: next.endpoints.size };
    log.info({ event: 'table_changed', ...counts }, 'Many endpoints changed at once');
  }
}

/** Says each problem once: when it was not there before. */
export function reportProblems(
  log: Log,
  problems: readonly string[],
  before: readonly string[],
): void {
  const known = new Set(before);
  for (const problem of problems.filter((text) => !known.has(text))) {
    log.warn({ event: 'problem', problem }, 'A problem needs the operator');
  }
}
