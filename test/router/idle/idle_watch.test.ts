import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RouterError } from '../../../router/errors.ts';
import { IdleWatch } from '../../../router/idle/idle_watch.ts';
import { IDLE_POLICY } from '../../../router/settings/idle_policy.ts';
import { addTask } from '../../lab/clearml/asks.ts';
import type { Document } from '../../lab/clearml/document.ts';
import { callAs } from '../../lab/clearml/call_as.ts';
import { ids } from '../../lab/clearml/seed.ts';
import { connect, count, keepLog, serve } from '../../support/installation.ts';
import { httpEndpoint } from '../../support/proxy_world.ts';
import { servingAt } from '../../support/serving.ts';
import { runningTask, shownRoutes } from '../../support/shown_routes.ts';

const MINUTE_MS = 60_000;
const PERIOD_MINUTES = 60;
const POLICY = { after: 60 * PERIOD_MINUTES, queues: ['gpu'], warning: 600 };

/** A watch over tasks of the queue `gpu` of a server, whose clock the test moves. */
async function world(t: TestContext, policy: object = {}, more: Document = {}, port = 1) {
  const server = await serve(t);
  const { id } = addTask(server, { queue: ids.queueGpu, more });
  const routes = shownRoutes();
  const { log, lines } = keepLog();
  const state = {
    now: 0,
    use: 0,
    leads: true,
    replicas: new Set<string>() as ReadonlySet<string> | undefined,
    stale: false,
    wish: undefined as string | undefined,
    queueId: ids.queueGpu as string | undefined,
    unanswered: new Set<string>(),
  };
  const clearml = connect(t, server);
  const endpoint = (): ReturnType<typeof httpEndpoint> => ({
    ...httpEndpoint(port, id),
    task: { ...runningTask(id), queueId: state.queueId },
  });
  routes.show([endpoint()]);
  const watchOf = (leads: () => boolean): IdleWatch =>
    new IdleWatch({
      policy: IDLE_POLICY.parse({ ...POLICY, ...policy }),
      routerName: 'router',
      routes: {
        current: () => ({ ...routes.current(), stale: state.stale }),
        idleWish: () => state.wish,
      },
      clearml: {
        ...clearml,
        taskWork: (task) =>
          state.unanswered.has(task)
            ? Promise.reject(new RouterError('CLEARML_UNAVAILABLE', 'too large'))
            : clearml.taskWork(task),
      },
      leadership: { isLeader: leads },
      sight: {
        lastUse: () => String(state.use),
        replicas: () => state.replicas,
        hurry: () => undefined,
      },
      log,
      now: () => state.now,
    });
  const watch = watchOf(() => state.leads);
  /** A turn every half a minute. */
  const pass = async (minutes: number, watches: readonly IdleWatch[] = [watch]): Promise<void> => {
    for (let turn = 0; turn < 2 * minutes; turn += 1) {
      state.now += MINUTE_MS / 2;
      for (const one of watches) await one.turn();
    }
  };
  const stops = (): number => count(server, 'tasks.stop');
  const events = (name: string): readonly string[] =>
    lines.filter((line) => line.includes(`"event":"${name}"`));
  const report = (event: Document): Promise<unknown> =>
    callAs(server, 'alice')('events.add', { ...event, task: id });
  await watch.turn();
  return {
    server,
    id,
    routes,
    endpoint,
    state,
    watch,
    watchOf,
    pass,
    stops,
    events,
    lines,
    report,
  };
}

test('a task that nobody uses is stopped once its time is over, with a warning before and a reason in ClearML', async (t) => {
  const { server, id, watch, pass, stops, events } = await world(t);
  await pass(PERIOD_MINUTES - 6);
  assert.equal(events('idle_warning').length, 0);
  const shown = watch.of(id);
  assert.ok(shown?.stopsAt !== undefined);
  assert.equal(shown.stopsAt - shown.since, PERIOD_MINUTES * MINUTE_MS);
  const idleMinutes = (Date.now() - shown.since) / MINUTE_MS;
  assert.ok(Math.abs(idleMinutes - (PERIOD_MINUTES - 11)) < 1, `${idleMinutes}`);
  assert.deepEqual(
    watch.all().map(({ task }) => task.id),
    [id],
  );
  await pass(10);
  assert.equal(
    stops(),
    0,
    'its work is asked for after five minutes, and its time runs from there',
  );
  assert.equal(events('idle_warning').length, 1);
  await pass(2);
  assert.equal(stops(), 1);
  const task = server.state.task(id);
  assert.equal(task?.status, 'stopped');
  assert.match(
    JSON.stringify(task?.['status_reason']),
    /^"idle for 3\d{3} s: neither used through the router \\"router/,
  );
  assert.match(events('idle_stopped').join(), new RegExp(`"task":"${id}","owner":"alice"`));
  await pass(2 * PERIOD_MINUTES);
  assert.equal(stops(), 1);
});

test('a use begins its time anew, and so does whatever may have hidden one', async (t) => {
  const { state, pass, stops } = await world(t);
  await pass(PERIOD_MINUTES);
  state.use += 1;
  await pass(PERIOD_MINUTES);
  state.replicas = new Set(['a']);
  await pass(1);
  // It was there, and is no more: what it saw last nobody knows.
  state.replicas = new Set();
  await pass(PERIOD_MINUTES);
  assert.equal(stops(), 0);
  // The process stood still.
  state.now += PERIOD_MINUTES * MINUTE_MS;
  await pass(PERIOD_MINUTES);
  assert.equal(stops(), 0);
  await pass(6);
  assert.equal(stops(), 1);
});

test('nothing is stopped while a replica is silent, ClearML is away or this replica does not lead', async (t) => {
  const { watch, id, state, pass, stops } = await world(t);
  await pass(PERIOD_MINUTES / 2);
  assert.ok(watch.of(id)?.stopsAt !== undefined);
  state.replicas = undefined;
  await pass(3 * PERIOD_MINUTES);
  assert.equal(watch.of(id)?.stopsAt, undefined, 'nothing is promised');
  state.replicas = new Set();
  state.stale = true;
  await pass(3 * PERIOD_MINUTES);
  state.stale = false;
  state.leads = false;
  await pass(3 * PERIOD_MINUTES);
  assert.equal(stops(), 0);
  state.leads = true;
  await pass(1);
  assert.equal(stops(), 1, 'nobody used it all the time');
});

test('ClearML that answers no question stops nothing', async (t) => {
  const { server, watch, state, pass, stops } = await world(t);
  await pass(PERIOD_MINUTES);
  server.faults.add({ kind: 'status', status: 503, calls: ['events.get_task_log'] });
  for (let turn = 0; turn < 60; turn += 1) {
    state.now += MINUTE_MS / 2;
    await watch.turn().catch(() => undefined);
  }
  assert.equal(stops(), 0);
});

const SCALAR = { type: 'training_stats_scalar', metric: 'loss', variant: 'train', value: 1 };

test('a task that works is used: iterations, scalars and lines of its console, and not what is reported of its machine', async (t) => {
  const { pass, stops, report } = await world(t);
  await pass(PERIOD_MINUTES);
  await report({ type: 'log', msg: 'epoch 7', timestamp: 1 });
  await pass(PERIOD_MINUTES);
  await report({ ...SCALAR, iter: 7 });
  await pass(PERIOD_MINUTES);
  // The same value in the same iteration, and one that has none, as report_single_value makes it.
  await report({ ...SCALAR, iter: 7 });
  await pass(PERIOD_MINUTES);
  await report({ ...SCALAR, metric: 'Summary', iter: -(2 ** 31) });
  await pass(PERIOD_MINUTES);
  assert.equal(stops(), 0);
  for (let minute = 0; minute < 12; minute += 1) {
    const seconds = { iter: 900 + 60 * minute, value: minute };
    await report({ ...SCALAR, metric: ':monitor:gpu', ...seconds });
    await report({ ...SCALAR, metric: ':monitor:machine', ...seconds });
    await pass(1);
  }
  assert.equal(stops(), 1);
});

test('an answer of ClearML that cannot be read stops nothing, and keeps no other task waiting', async (t) => {
  const { server, routes, endpoint, pass, stops, events } = await world(t);
  const other = addTask(server, { queue: ids.queueGpu, more: { last_metrics: { a: 'b' } } });
  const beside = httpEndpoint(1, other.id);
  routes.show([
    { ...beside, task: { ...runningTask(other.id), queueId: ids.queueGpu } },
    endpoint(),
  ]);
  await pass(PERIOD_MINUTES + 12);
  assert.equal(stops(), 1);
  assert.equal(server.state.task(other.id)?.status, 'in_progress');
  assert.match(events('idle_stop_refused').join(), /last_metrics/);
});

test('a Jupyter whose kernel is busy or whose terminal moves is used, by the token that its task gave', async (t) => {
  let execution_state = 'busy';
  let written = 0;
  let writing = true;
  const port = await servingAt(t, (request, response) => {
    const right = request.headers.authorization === 'token of-the-task';
    const kernels = [{ id: 'k', execution_state, last_activity: 'then' }];
    if (writing) written += 1;
    const terminals = [{ name: '1', last_activity: String(written) }];
    const body = request.url?.startsWith('/api/kernels') === true ? kernels : terminals;
    response.writeHead(right ? 200 : 403).end(JSON.stringify(right ? body : {}));
  });
  const runtime = { _jupyter_token: 'of-the-task' };
  const { pass, stops, lines } = await world(t, {}, { runtime }, port);
  await pass(3 * PERIOD_MINUTES);
  assert.equal(stops(), 0);
  execution_state = 'idle';
  await pass(3 * PERIOD_MINUTES);
  assert.equal(stops(), 0, 'a terminal of it moves');
  writing = false;
  await pass(PERIOD_MINUTES + 12);
  assert.equal(stops(), 1);
  assert.doesNotMatch(lines.join(), /of-the-task/);
});

test('an app that writes a line for what it is asked does not work because it was asked', async (t) => {
  let report: ((event: Document) => Promise<unknown>) | undefined;
  const port = await servingAt(t, (_, response) => {
    const said = report?.({ type: 'log', msg: '"GET /api/kernels" 404', timestamp: 1 });
    void said?.then(() => response.writeHead(404).end());
  });
  const runtime = { _jupyter_token: 'of-the-task' };
  const known = await world(t, {}, { runtime }, port);
  ({ report } = known);
  await known.pass(2 * (PERIOD_MINUTES + 12));
  assert.equal(known.stops(), 1);
});

test('only what is listed and can be reached is counted', async (t) => {
  const { routes, state, endpoint, pass, stops } = await world(t);
  state.queueId = ids.queueDefault;
  routes.show([endpoint()]);
  await pass(2 * PERIOD_MINUTES);
  state.queueId = ids.queueGpu;
  routes.show([{ ...endpoint(), http: { state: 'refused', reason: 'no' } }]);
  await pass(2 * PERIOD_MINUTES);
  assert.equal(stops(), 0);
  routes.show([endpoint()]);
  await pass(PERIOD_MINUTES);
  assert.equal(stops(), 0, 'its time begins when it is seen');
  await pass(6);
  assert.equal(stops(), 1);
});

test('a task’s own wish is heard', async (t) => {
  const { state, pass, stops } = await world(t, { longest: 3 * 3_600 });
  state.wish = '7200';
  await pass(110);
  assert.equal(stops(), 0);
  state.wish = '600';
  await pass(1);
  assert.equal(stops(), 1);
});

test('dryRun says once what would be stopped', async (t) => {
  const { watch, id, pass, stops, events } = await world(t, { dryRun: true });
  await pass(3 * PERIOD_MINUTES);
  assert.equal(watch.of(id)?.stopsAt, undefined);
  assert.equal(stops(), 0);
  assert.equal(events('idle_would_stop').length, 1);
});

test('a task whose agent is told to stop it is told once, though the leader dies, and not if it was used meanwhile', async (t) => {
  const first = await world(t, {}, { last_worker: 'agent-1' });
  const { server, id, state, watch, watchOf, pass, stops } = first;
  const second = watchOf(() => !state.leads);
  await second.turn();
  await pass(PERIOD_MINUTES, [watch, second]);
  // In the middle of the countdown: the next leader has counted, too.
  state.leads = false;
  await pass(3, [second]);
  assert.equal(stops(), 0);
  await pass(5, [second]);
  assert.equal(stops(), 1);
  assert.equal(server.state.task(id)?.status, 'in_progress');
  assert.equal(server.state.task(id)?.['status_message'], 'stopping');
  state.leads = true;
  await pass(3 * PERIOD_MINUTES, [watch, second]);
  assert.equal(stops(), 1);
});

test('a task that ClearML does not let the router stop is said, and keeps nobody waiting', async (t) => {
  const { server, pass, stops, events } = await world(t);
  server.faults.add({
    kind: 'error',
    code: 403,
    subcode: 21,
    message: 'No permission',
    calls: ['tasks.stop'],
  });
  await pass(2 * PERIOD_MINUTES);
  assert.equal(stops(), 1);
  assert.match(events('idle_stop_refused').join(), /No permission/);
});

test('a stop whose answer is lost has its line, and is not said to be refused', async (t) => {
  const { server, id, pass, stops, events } = await world(t);
  server.faults.add({ kind: 'lose-answer', calls: ['tasks.stop'], times: 1 });
  await pass(PERIOD_MINUTES + 12);
  assert.equal(server.state.task(id)?.status, 'stopped');
  assert.ok(stops() > 0);
  assert.equal(events('idle_stopped').length, 1);
  assert.equal(events('idle_stop_refused').length, 0);
});

test('a stop of which nobody knows is said, and tried again', async (t) => {
  const { server, id, state, watch, pass, stops, events } = await world(t);
  await pass(PERIOD_MINUTES + 4);
  const away = server.faults.add({ kind: 'status', status: 503, calls: ['tasks.stop'] });
  // The look before the stop is answered, and the one after it is not.
  const met = away.next().then(() => server.faults.add({ kind: 'status', status: 503 }));
  let turns = 0;
  while (stops() === 0 && turns < 20) {
    state.now += MINUTE_MS / 2;
    await watch.turn().catch(() => undefined);
    turns += 1;
  }
  assert.equal(events('idle_stop_unanswered').length, 1);
  assert.equal(server.state.task(id)?.status, 'in_progress');
  away.clear();
  (await met).clear();
  await pass(1);
  assert.equal(server.state.task(id)?.status, 'stopped');
  assert.equal(events('idle_stopped').length, 1);
});

test('tasks of which ClearML has no answer keep none of the others from being stopped', async (t) => {
  const { server, id, routes, endpoint, state, watch, pass, stops, events } = await world(t);
  const silent = Array.from({ length: 4 }, () => addTask(server, { queue: ids.queueGpu }).id);
  const endpoints = silent.map((task) => ({
    ...httpEndpoint(1, task),
    task: { ...runningTask(task), queueId: ids.queueGpu },
  }));
  routes.show([...endpoints, endpoint()]);
  for (const task of silent) state.unanswered.add(task);
  await pass(PERIOD_MINUTES);
  assert.ok(watch.of(id)?.stopsAt !== undefined);
  assert.equal(stops(), 0);
  await pass(8);
  assert.equal(stops(), 1);
  assert.equal(server.state.task(id)?.status, 'stopped');
  assert.equal(events('idle_work_unknown').length, 4, 'each is said once');
  // Once they are answered they have to have been idle for their whole time, like all others.
  state.unanswered.clear();
  await pass(PERIOD_MINUTES - 1);
  assert.equal(stops(), 1);
  await pass(3);
  assert.equal(stops(), 5);
});
