import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Endpoint } from './endpoint.ts';
import type { RouteTable } from './table.ts';

/** When a table changes more endpoints than this (a start, a changed queue), their lines are for debugging, and one line sums up. */
const MANY = 100;

/** Where users get by one way, as far as it is open; TCP is open once it has its port. */
function opening(endpoint: Endpoint | undefined, protocol: 'http' | 'tcp') {
  const route = endpoint?.[protocol];
  if (endpoint === undefined || route?.state !== 'open') return undefined;
  const { address, port } = route.upstream;
  const external = protocol === 'tcp' ? endpoint.tcp?.port : undefined;
  if (protocol === 'tcp' && external === undefined) return undefined;
  return { upstream: `${address} ${port}`, port: external };
}

function reportRoute(
  log: Log,
  say: Log['info'],
  endpoint: Endpoint,
  protocol: 'http' | 'tcp',
  previous: Endpoint | undefined,
): void {
  const common = { endpoint: endpoint.id, task: endpoint.task.id, lane: protocol };
  const now = opening(endpoint, protocol);
  const before = opening(previous, protocol);
  if (now !== undefined) {
    if (before === undefined) say({ event: 'route_opened', ...common, ...now }, 'Route opened');
    else if (before.upstream !== now.upstream || before.port !== now.port) {
      say({ event: 'route_moved', ...common, ...now }, 'The route leads elsewhere now');
    }
    return;
  }
  const [lost, last] = [endpoint[protocol], previous?.[protocol]];
  if (lost?.state !== 'refused') return;
  if (last?.state === 'refused' && last.reason === lost.reason) return;
  log.warn({ event: 'ask_refused', ...common, reason: lost.reason }, 'An ask cannot be served');
}

/** A word of the task that narrows more than was meant. */
function reportWord(log: Log, endpoint: Endpoint, previous: Endpoint | undefined): void {
  const { id, task, unknownAccess: word } = endpoint;
  if (word === undefined || previous?.unknownAccess === word) return;
  log.warn(
    { event: 'access_unknown', endpoint: id, task: task.id, word: excerpt(word) },
    'The router_access of a task is no level, and counts as owner',
  );
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
    reportRoute(log, say, endpoint, 'http', before);
    reportRoute(log, say, endpoint, 'tcp', before);
    reportWord(log, endpoint, before);
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
