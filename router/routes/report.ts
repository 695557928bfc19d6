import type { Log } from '../telemetry/log.ts';
import type { Endpoint, Lane } from './endpoint.ts';
import type { RouteTable } from './table.ts';

function reportLane(log: Log, endpoint: Endpoint, lane: 'http' | 'tcp', before?: Lane): void {
  const now = endpoint[lane];
  if (now === undefined || now === before) return;
  const common = { endpoint: endpoint.id, task: endpoint.task.id, lane };
  if (now.state === 'open') {
    const { address, port } = now.upstream;
    const external = lane === 'tcp' ? endpoint.tcp?.port : undefined;
    log.info(
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
  for (const [id, endpoint] of next.endpoints) {
    const before = previous.endpoints.get(id);
    if (before === endpoint) continue;
    reportLane(log, endpoint, 'http', before?.http);
    reportLane(log, endpoint, 'tcp', before?.tcp);
  }
  for (const [id, endpoint] of previous.endpoints) {
    if (next.endpoints.has(id)) continue;
    log.info(
      { event: 'endpoint_gone', endpoint: id, task: endpoint.task.id },
      'The task ended or asks no longer; its routes are closed',
    );
  }
  const known = new Set(previous.problems);
  for (const problem of next.problems.filter((text) => !known.has(text))) {
    log.warn({ event: 'problem', problem }, 'A problem needs the operator');
  }
}
