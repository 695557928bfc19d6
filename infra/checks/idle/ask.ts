import { createClearMl } from '../../../router/clearml/client.ts';
import type { ClearMl } from '../../../router/clearml/clearml.ts';
import type { TaskWork } from '../../../router/clearml/task_work.ts';
import { RouterError } from '../../../router/errors.ts';
import { IDLE_STOP_KEY } from '../../../router/grammar/runtime_keys.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { pagesUrl } from '../../config/decisions/router_url.ts';
import type { StackConfig } from '../../config/stack_config.ts';
import { InfraError, messageOf } from '../../errors.ts';
import { counted } from '../../counted.ts';
import { ANSWER_TIME_LIMIT_MS, inKeys } from '../check.ts';
import { clusterOf } from '../cluster_of.ts';
import { routerList } from '../router_list.ts';
import { clearmlValues } from '../stored_values.ts';
import { LIST, type RoutedTask, routedTasks, seenSince, unknownUse } from './routed_tasks.ts';
import { type Known, type Row, rowOf } from './verdict.ts';

/** Tasks of one question. */
const PAGE_SIZE = 500;
/** Tasks whose work is asked for, those first that are idle for longest: two calls each. */
const MOST_ASKED = 500;
const ASKED_AT_ONCE = 8;

/** How long tasks have been idle, and what is not known of it: a sentence each. */
export interface IdleLook {
  readonly known: Known;
  /** Longest idle first; those last of which it is not known. */
  readonly rows: readonly Row[];
  readonly unknown: readonly string[];
}

/** A step of the look, with the words for whoever has to mend it. */
async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new InfraError('look-failed', `${title}: ${inKeys(messageOf(error))}`);
  }
}

/**
 * Asks the router for its routes and ClearML for what their tasks report, with the router's own account. Changes nothing.
 *
 * @throws InfraError `look-failed` where one of them does not answer.
 */
export async function lookAtIdle(config: StackConfig): Promise<IdleLook> {
  const { reader } = clusterOf(config);
  const { accessKey, ca, secretKey } = await step('ClearML account', () =>
    clearmlValues(config, reader),
  );
  const clearml = createClearMl({
    apiHost: config.clearml.apiServerUrlReference,
    accessKey,
    secretKey,
    sslVerify: config.clearml.sslVerify,
    ca,
    timeout: ANSWER_TIME_LIMIT_MS,
    // The proxy that this machine needs is not the one of the pods.
    environment: {},
    log: createLog('error', { write: () => undefined }),
  });
  try {
    return await lookWith(config, clearml);
  } finally {
    clearml.close();
  }
}

async function lookWith(config: StackConfig, clearml: ClearMl): Promise<IdleLook> {
  let token = '';
  clearml.onLogin((login) => {
    token = login.token;
  });
  const queues = await step('ClearML', () => clearml.queues());
  const url = pagesUrl(config);
  const list = await step(`list of routes at ${url}`, () => routerList(url, token, LIST));
  const tasks = routedTasks(list);
  const unknown = [...unknownUse(list, config.availability.leaderElection)];
  const wishes = await step('ClearML', () => wishesOf(tasks, clearml));
  const known = {
    now: Date.now(),
    policy: config.router.idle,
    allSeen: unknown.length === 0,
    seenSince: seenSince(list),
    queueName: (id: string) => queues.get(id),
    wishOf: (id: string) => wishes.get(id),
  };
  const byUse = tasks.map((task) => rowOf(task, { ...known, workOf: () => undefined }));
  const longest = byUse.toSorted(byIdle).map(({ task }) => task);
  const works = await step('ClearML', () => worksOf(longest.slice(0, MOST_ASKED), clearml));
  const whole: Known = { ...known, workOf: (id) => works.found.get(id) };
  if (works.unread > 0) unknown.push(unreadSentence(works.unread));
  return {
    known: whole,
    rows: longest.map((task) => rowOf(task, whole)),
    unknown:
      list.administration === null
        ? [
            ...unknown,
            "Only tasks are listed that the router's account may open: name it in router.administrators to see those of their owners alone.",
          ]
        : unknown,
  };
}

function byIdle(a: Row, b: Row): number {
  return (b.idle ?? -1) - (a.idle ?? -1) || (a.task.id < b.task.id ? -1 : 1);
}

/** `router_idle_stop` by task. */
async function wishesOf(
  tasks: readonly RoutedTask[],
  clearml: Pick<ClearMl, 'tasks'>,
): Promise<ReadonlyMap<string, string>> {
  const wishes = new Map<string, string>();
  for (let start = 0; start < tasks.length; start += PAGE_SIZE) {
    const ids = tasks.slice(start, start + PAGE_SIZE).map(({ id }) => id);
    for (const { id, runtime } of (await clearml.tasks({ ids }, 0)).tasks) {
      const wish = runtime.get(IDLE_STOP_KEY);
      if (wish !== undefined) wishes.set(id, wish);
    }
  }
  return wishes;
}

/** Of those that were asked about. */
interface Works {
  readonly found: ReadonlyMap<string, TaskWork | null>;
  /** Tasks of which ClearML gave no answer that can be read. */
  readonly unread: number;
}

function unreadSentence(count: number): string {
  return `What ${counted(count, 'task')} reported is not known: ClearML gives no answer that can be read.`;
}

/**
 * What tasks reported, by the question that the router itself asks before it stops one. A task can report what no answer holds: it
 * hides nothing of the others. Rejects where ClearML answers nothing else either.
 */
async function worksOf(
  tasks: readonly RoutedTask[],
  clearml: Pick<ClearMl, 'queues' | 'taskWork'>,
): Promise<Works> {
  const found = new Map<string, TaskWork | null>();
  let unread = 0;
  for (let start = 0; start < tasks.length; start += ASKED_AT_ONCE) {
    const asked = tasks.slice(start, start + ASKED_AT_ONCE);
    const answers = await Promise.allSettled(asked.map(({ id }) => clearml.taskWork(id)));
    for (const [index, { id }] of asked.entries()) {
      const answer = answers[index];
      if (answer?.status === 'fulfilled') found.set(id, answer.value ?? null);
      else if (answer?.reason instanceof RouterError) unread += 1;
      else throw answer?.reason;
    }
    if (answers.every(({ status }) => status === 'rejected')) await clearml.queues();
  }
  return { found, unread };
}
