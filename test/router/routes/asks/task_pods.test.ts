import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { RouterError } from '../../../../router/errors.ts';
import type { PodObserver } from '../../../../router/kubernetes/pod_watch.ts';
import type { TaskDraft } from '../../../../router/routes/asks/draft.ts';
import { createTaskPods, type TaskPods } from '../../../../router/routes/asks/task_pods.ts';
import type { RouteTable } from '../../../../router/routes/model/table.ts';
import { addTask, httpAsk } from '../../../lab/clearml/asks.ts';
import { keepLog, route, serve } from '../../../support/installation.ts';

const A = 'a'.repeat(32);
const B = 'b'.repeat(32);

interface Following extends TaskPods {
  readonly observers: ReadonlyMap<string, PodObserver>;
  readonly lines: ReturnType<typeof keepLog>['lines'];
  /** Tells all pods of a namespace, by name. */
  readonly tell: (namespace: string, pods: Readonly<Record<string, readonly string[]>>) => void;
}

function following(...namespaces: readonly string[]): Following {
  return followingWith(false, namespaces);
}

function followingWith(strict: boolean, namespaces: readonly string[]): Following {
  const observers = new Map<string, PodObserver>();
  const { lines, log } = keepLog();
  const pods = createTaskPods({
    namespaces,
    namePrefix: 'clearml-id-',
    strict,
    log,
    watch: (namespace, observer) => {
      observers.set(namespace, observer);
      return { start: () => undefined, stop: () => Promise.resolve() };
    },
  });
  return {
    ...pods,
    observers,
    lines,
    tell: (namespace, found) => {
      const list = Object.entries(found).map(([name, addresses]) => ({ name, addresses }));
      observers.get(namespace)?.all(list);
    },
  };
}

function draft(id: string, address: string | undefined): TaskDraft {
  const upstream = { address: address ?? '', family: 4, port: 80 } as const;
  const lane =
    address === undefined ? { state: 'refused', reason: 'x' } : { state: 'open', upstream };
  const http = { ...lane, staticRoute: undefined };
  const endpoints = [{ id, name: undefined, label: undefined, http, tcp: undefined }];
  return { task: { id }, endpoints } as unknown as TaskDraft;
}

const FOREIGN = "it is that of a pod that is not the task's own";

suite("a task's own pod", () => {
  test('is the one that bears its id: by itself, or as a Job made it', () => {
    const { refusal, tell } = following('clearml');
    tell('clearml', {
      [`clearml-id-${A}`]: ['10.0.0.1', 'fd00::1'],
      [`clearml-id-${B}-x7z2q`]: ['10.0.0.2'],
      [`clearml-id-${A}0`]: ['10.0.0.3'],
      [`other-${A}`]: ['10.0.0.4'],
      mysql: ['10.0.0.5'],
    });
    assert.equal(refusal(A, '10.0.0.1'), undefined);
    assert.equal(refusal(A, 'fd00::1'), undefined);
    assert.equal(refusal(B, '10.0.0.2'), undefined);
    for (const address of ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5']) {
      assert.equal(refusal(A, address), FOREIGN, address);
    }
    assert.equal(refusal(B, '10.0.0.1'), FOREIGN);
  });

  test('tells where the task listens: the first address, of the pod that came last', () => {
    const { observers, ownAddress, tell } = following('clearml', 'gpu');
    tell('clearml', { [`clearml-id-${A}-1`]: ['fd00:0::1', '10.0.0.1'], mysql: ['10.0.0.5'] });
    assert.equal(ownAddress(A), 'unread');
    tell('gpu', {});
    assert.deepEqual(ownAddress(A), { address: 'fd00::1' });
    assert.equal(ownAddress(B), undefined);
    observers.get('clearml')?.changed({ name: `clearml-id-${A}-2`, addresses: ['10.0.0.2'] });
    assert.deepEqual(ownAddress(A), { address: '10.0.0.2' });
    observers.get('clearml')?.gone(`clearml-id-${A}-2`);
    observers.get('clearml')?.changed({ name: `clearml-id-${A}-1`, addresses: [] });
    assert.equal(ownAddress(A), undefined, 'a pod of its node’s network');
  });

  test('is no matter of an address that no pod has', () => {
    const { refusal, tell } = following('clearml');
    tell('clearml', { mysql: [] });
    assert.equal(refusal(A, '192.0.2.1'), undefined);
  });

  test('A67: has every address that may be named, where the check is strict', () => {
    const { observers, refusal, takeAffected, tell } = followingWith(true, ['clearml', 'gpu']);
    tell('clearml', { [`clearml-id-${A}`]: ['10.0.0.1'], mysql: ['10.0.0.5'], host: [] });
    tell('gpu', {});
    takeAffected([]);
    const why = 'it is that of no pod of clearml, gpu';
    assert.equal(refusal(A, '10.0.0.1'), undefined);
    assert.equal(refusal(A, '10.0.0.5'), FOREIGN);
    for (const address of ['192.0.2.1', '10.0.0.2', 'fd00::1']) {
      assert.equal(refusal(A, address), why, address);
    }
    // Served as soon as its pod has the address, and no longer than that.
    const waits = [draft(B, undefined)];
    observers.get('gpu')?.changed({ name: `clearml-id-${B}`, addresses: [] });
    assert.deepEqual(takeAffected(waits), []);
    observers.get('gpu')?.changed({ name: `clearml-id-${B}`, addresses: ['10.0.0.2'] });
    assert.deepEqual(takeAffected(waits), [B]);
    assert.equal(refusal(B, '10.0.0.2'), undefined);
    observers.get('gpu')?.gone(`clearml-id-${B}`);
    assert.deepEqual(takeAffected([draft(B, '10.0.0.2')]), [B]);
    assert.equal(refusal(B, '10.0.0.2'), why);
  });

  test('A67: is found in the whole cluster, whatever its namespace', () => {
    const { refusal, tell } = followingWith(true, ['*']);
    const unread = 'the pods of the cluster, which tell whose address it is, were not read yet';
    assert.equal(refusal(A, '10.0.0.1'), unread);
    tell('*', {
      [`team-a/clearml-id-${A}`]: ['10.0.0.1'],
      [`team-b/clearml-id-${B}-x7z2q`]: ['10.0.0.2'],
      [`clearml-id-${A}/mysql`]: ['10.0.0.5'],
    });
    assert.equal(refusal(A, '10.0.0.1'), undefined);
    assert.equal(refusal(B, '10.0.0.2'), undefined);
    assert.equal(refusal(A, '10.0.0.2'), FOREIGN);
    assert.equal(refusal(A, '10.0.0.5'), FOREIGN);
    assert.equal(refusal(A, '10.0.0.9'), 'it is that of no pod of the cluster');
  });

  test('is looked for in every spelling of an address', () => {
    const { refusal, tell } = following('clearml');
    tell('clearml', { mysql: ['::ffff:10.0.0.5', 'FD00:0:0::5'] });
    assert.equal(refusal(A, '10.0.0.5'), FOREIGN);
    assert.equal(refusal(A, 'fd00::5'), FOREIGN);
  });

  test('is not known, and nobody served, before all namespaces were read', () => {
    const { refusal, takeAffected, tell } = following('one', 'two');
    const why = (names: string): string =>
      `the pods of ${names}, which tell whose address it is, were not read yet`;
    assert.equal(refusal(A, '192.0.2.1'), why('one, two'));
    tell('one', {});
    assert.equal(refusal(A, '192.0.2.1'), why('two'));
    assert.deepEqual(takeAffected([draft(A, undefined)]), []);
    tell('two', {});
    assert.equal(refusal(A, '192.0.2.1'), undefined);
    assert.deepEqual(takeAffected([draft(A, undefined), draft(B, '192.0.2.1')]), [A, B]);
    assert.deepEqual(takeAffected([draft(A, undefined)]), []);
  });

  test('may change: an address goes from one pod to another, and both tasks are looked at again', () => {
    const { observers, refusal, takeAffected, tell } = following('clearml');
    const observer = observers.get('clearml');
    tell('clearml', { [`clearml-id-${A}`]: ['10.0.0.1'] });
    takeAffected([]);
    // The new pod is told before the old one is gone.
    observer?.changed({ name: `clearml-id-${B}`, addresses: ['10.0.0.1'] });
    assert.equal(refusal(A, '10.0.0.1'), undefined);
    assert.equal(refusal(B, '10.0.0.1'), undefined);
    observer?.gone(`clearml-id-${A}`);
    assert.equal(refusal(A, '10.0.0.1'), FOREIGN);
    const drafts = [draft(A, '10.0.0.1'), draft(B, undefined), draft('c'.repeat(32), '10.0.0.9')];
    assert.deepEqual(takeAffected(drafts), [A, B]);
    assert.deepEqual(takeAffected(drafts), []);
  });

  test('is forgotten when a list no longer has it', () => {
    const { refusal, tell } = following('clearml');
    tell('clearml', { mysql: ['10.0.0.5'], redis: ['10.0.0.6'] });
    tell('clearml', { redis: ['10.0.0.6'] });
    assert.equal(refusal(A, '10.0.0.5'), undefined);
    assert.equal(refusal(A, '10.0.0.6'), FOREIGN);
  });

  test('decides what is routed, and what is routed no longer', async (t) => {
    const pods = following('clearml');
    const server = await serve(t);
    const { id } = addTask(server, { runtime: httpAsk({ address: '10.0.0.1', port: 8888 }) });
    const { routes, until } = route(t, server, { taskPods: pods });
    routes.start();
    const lane = (state: string) => (table: RouteTable) =>
      table.endpoints.get(id)?.http?.state === state;
    const reason = (table: RouteTable): unknown => {
      const http = table.endpoints.get(id)?.http;
      return http?.state === 'refused' ? http.reason : undefined;
    };
    assert.equal(
      reason(await until(lane('refused'))),
      'the address 10.0.0.1 is refused: the pods of clearml, which tell whose address it is, were not read yet',
    );
    pods.tell('clearml', { [`clearml-id-${id}`]: ['10.0.0.1'] });
    await until(lane('open'));
    pods.tell('clearml', { mysql: ['10.0.0.1'] });
    assert.equal(
      reason(await until(lane('refused'))),
      `the address 10.0.0.1 is refused: ${FOREIGN}`,
    );
    pods.observers
      .get('clearml')
      ?.failed(new RouterError('KUBERNETES_UNAVAILABLE', 'the API went away'));
    await until(({ problems }) => problems.join().includes('the API went away'));
  });

  test('stays what it was while the API fails, which is said once', () => {
    const { lines, observers, problems, refusal, tell } = following('clearml');
    tell('clearml', { mysql: ['10.0.0.5'] });
    const error = new RouterError('KUBERNETES_UNAVAILABLE', 'status 403');
    observers.get('clearml')?.failed(error);
    observers.get('clearml')?.failed(error);
    assert.equal(refusal(A, '10.0.0.5'), FOREIGN);
    assert.deepEqual(problems(), ['status 403; what was known of its pods stays in force']);
    tell('clearml', {});
    assert.deepEqual(problems(), []);
    const events = lines.map((line) => /"event":"([^"]+)"/.exec(line)?.[1]);
    assert.deepEqual(events, ['pods_not_followed', 'pods_followed']);
  });
});
