import { randomUUID } from 'node:crypto';
import { timestamp } from './clock.ts';
import type { Document } from './document.ts';
import type { Runtime, TaskRecord, TaskStatus } from './records.ts';
import { ids } from './seed.ts';
import type { ClearMl } from './server.ts';

/** Where a task listens, and under which suffix it asks (none: the task's unnamed endpoint). */
export interface Ask {
  readonly address: string;
  readonly port: number | string;
  readonly name?: string;
  /** Name and kind of a static route. */
  readonly route?: { readonly name: string; readonly mode: 'path' | 'subdomain' };
}

function suffixed(properties: Readonly<Record<string, string | number>>, ask: Ask): Runtime {
  const suffix = ask.name === undefined ? '' : `__${ask.name}`;
  const route =
    ask.route === undefined
      ? {}
      : { _ROUTER_ENDPOINT_MODE: ask.route.mode, _ROUTER_ENDPOINT_MODE_PARAM: ask.route.name };
  return Object.fromEntries(
    Object.entries({ ...properties, ...route }).map(([key, value]) => [`${key}${suffix}`, value]),
  );
}

/** The runtime properties that `Task.request_external_endpoint(protocol='http')` writes. */
export function httpAsk(ask: Ask): Runtime {
  return suffixed({ _SERVICE: 'EXTERNAL', _ADDRESS: ask.address, _PORT: ask.port }, ask);
}

/** The same for `protocol='tcp'`, with the key that SDK 2.1 and later add. */
export function tcpAsk(ask: Ask): Runtime {
  return { ...oldTcpAsk(ask), ...suffixed({ upstream_task_port: ask.port }, { ...ask }) };
}

/** What SDKs before 2.1 and the task side of `clearml-session` write. */
export function oldTcpAsk(ask: Ask): Runtime {
  return suffixed(
    { _SERVICE: 'EXTERNAL_TCP', external_address: ask.address, external_tcp_port: ask.port },
    ask,
  );
}

/** A task to put into a server, past its API. Unnamed fields are those of alice's running application. */
export interface TaskSeed {
  readonly id?: string;
  readonly name?: string;
  readonly type?: string;
  readonly status?: TaskStatus;
  readonly user?: string;
  /** '' makes the task public. */
  readonly company?: string;
  readonly queue?: string;
  readonly project?: string;
  readonly runtime?: Runtime;
  /** Default: `external_service`, the tag of tasks that ask. */
  readonly systemTags?: readonly string[];
  /** Milliseconds since the epoch; default: now. */
  readonly startedAt?: number;
  readonly more?: Document;
}

/** Puts a task into the server as if it had been created, started and had asked by itself. */
export function addTask(clearml: ClearMl, seed: TaskSeed = {}): TaskRecord {
  const now = timestamp(clearml.clock.now());
  const user = seed.user ?? ids.alice;
  const company = seed.company ?? clearml.state.account(user)?.user.company;
  if (company === undefined) throw new Error(`The stand-in server has no user ${user}.`);
  return clearml.state.putTask({
    id: seed.id ?? randomUUID().replaceAll('-', ''),
    name: seed.name ?? 'sample task',
    type: seed.type ?? 'application',
    status: seed.status ?? 'in_progress',
    company,
    user,
    project: seed.project ?? ids.project,
    created: now,
    started: seed.startedAt === undefined ? now : timestamp(seed.startedAt),
    last_update: now,
    last_change: now,
    system_tags: seed.systemTags ?? ['external_service'],
    tags: [],
    execution: seed.queue === undefined ? {} : { queue: seed.queue },
    runtime: seed.runtime ?? {},
    ...seed.more,
  });
}

/** Changes a task past the API, with the times moving as with an edit. */
export function changeTask(clearml: ClearMl, id: string, changes: Document): TaskRecord {
  const task = clearml.state.task(id);
  if (task === undefined) throw new Error(`The stand-in server has no task ${id}.`);
  const now = timestamp(clearml.clock.now());
  return clearml.state.putTask({ ...task, last_change: now, last_update: now, ...changes });
}

/** Adds to a task's runtime, as the task itself would: read, modify, write. */
export function changeRuntime(clearml: ClearMl, id: string, properties: Runtime): TaskRecord {
  const runtime = { ...clearml.state.task(id)?.runtime, ...properties };
  return changeTask(clearml, id, { runtime });
}

/** Ends a task. */
export function endTask(
  clearml: ClearMl,
  id: string,
  status: TaskStatus = 'completed',
): TaskRecord {
  const now = timestamp(clearml.clock.now());
  return changeTask(clearml, id, { status, status_changed: now, completed: now });
}

/** Resolves with a task once it fulfils the condition; rejects after ten seconds, or when the signal aborts. */
export async function taskWhen(
  clearml: ClearMl,
  id: string,
  condition: (task: TaskRecord) => boolean,
  signal: AbortSignal = AbortSignal.timeout(10_000),
): Promise<TaskRecord> {
  return clearml.state.when(() => {
    const task = clearml.state.task(id);
    return task !== undefined && condition(task) ? task : undefined;
  }, signal);
}
