import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { ROOT } from '../../../../infra/project.ts';
import { addTask, httpAsk, taskWhen } from '../../../lab/clearml/asks.ts';
import { callAs } from '../../../lab/clearml/call_as.ts';
import { userToken } from '../../../lab/clearml/client.ts';
import { credentials, ids, type SeedUserName } from '../../../lab/clearml/seed.ts';
import { type ClearMl, startClearMl } from '../../../lab/clearml/server.ts';
import { freePort } from '../../../lab/free_port.ts';
import { settingsFor, startRouterProcess } from '../../../support/router_process.ts';
import { smallest } from '../../stacks.ts';

const NOBODY = 'http://127.0.0.1:1';
const POLICY = { after: 7_200, queues: ['gpu'] };

/** A stack, and how the command ends that is run for it: the Pulumi CLI is a stand-in that tells its config. */
function stackOf(t: TestContext, api: string, url: string, account: SeedUserName, more: object) {
  const folder = mkdtempSync(join(tmpdir(), 'ttr-idle-'));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  const { accessKey, secretKey } = credentials[account];
  const config = {
    ...smallest,
    clearml: {
      ...smallest.clearml,
      apiServerUrlReference: api,
      apiServerKey: accessKey,
      apiServerSecret: secretKey,
    },
    ingress: { hostName: url },
    availability: { leaderElection: false },
    kubernetes: {
      kubeconfig: JSON.stringify({
        'current-context': 'here',
        clusters: [{ name: 'here', cluster: { server: NOBODY } }],
        users: [{ name: 'me', user: {} }],
        contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
      }),
    },
    ...more,
  };
  const values = Object.entries(config).map(([key, value]) => [
    `task-traffic-router:${key}`,
    { value: JSON.stringify(value), secret: true },
  ]);
  writeFileSync(join(folder, 'config'), JSON.stringify(Object.fromEntries(values)));
  writeFileSync(join(folder, 'pulumi'), `#!/bin/sh\ncat '${folder}/config'\n`, { mode: 0o755 });
  const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
  return (...args: readonly string[]) =>
    new Promise<{ readonly code: unknown; readonly out: string; readonly err: string }>(
      (resolve) => {
        const file = join(ROOT, 'infra/checks/idle/main.ts');
        execFile(process.execPath, [file, ...args], { env }, (error, out, err) => {
          assert.doesNotMatch(out + err, new RegExp(secretKey));
          resolve({ code: error === null ? 0 : error.code, out, err });
        });
      },
    );
}

/** A router as it is deployed, with a task of the queue `gpu` behind it. */
async function routed(t: TestContext) {
  const app = createServer((_, response) => response.end('here'));
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  const clearml = await startClearMl({ edition: 'enterprise' });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const router = await startRouterProcess({
    ...settingsFor(clearml),
    HTTP_PORT: String(port),
    ROUTER_URL: url,
  });
  t.after(async () => {
    await router.stop();
    await clearml.stop();
    app.closeAllConnections();
    app.close();
  });
  await router.readyz(200);
  const runtime = httpAsk({ address: '127.0.0.1', port: (app.address() as AddressInfo).port });
  const { id } = addTask(clearml, { runtime, queue: ids.queueGpu, name: 'notebook' });
  await taskWhen(clearml, id, (one) => 'endpoint' in one.runtime);
  return { clearml, id, url };
}

async function use(clearml: ClearMl, url: string, id: string): Promise<void> {
  const authorization = `Bearer ${await userToken(clearml, 'alice')}`;
  const answer = await fetch(`${url}/service/${id}/`, { headers: { authorization } });
  assert.equal(await answer.text(), 'here');
}

test('npm run idle tells of a task by what the router and ClearML know of it', async (t) => {
  const { clearml, id, url } = await routed(t);
  await use(clearml, url, id);
  await callAs(clearml, 'alice')('events.add', {
    task: id,
    type: 'log',
    msg: 'line',
    timestamp: Date.now(),
  });
  const stack = stackOf(t, clearml.url, url, 'admin', { router: { idle: POLICY } });
  const { code, err, out } = await stack('--stack', 'prod');
  assert.equal(err, '');
  assert.equal(code, 0);
  const [heads, row, , sum] = out.split('\n');
  assert.match(heads ?? '', /^TASK +NAME +QUEUE +LAST USE +IDLE FOR +REPORTED +STOPPED$/);
  // However slow the machine is.
  const [when, long] = ['(just now|\\d+ min ago)', '(less than a minute|\\d+ min)'];
  assert.match(
    row ?? '',
    new RegExp(
      `^${id}  notebook  gpu +${when} +${long} +line ${when}(, other ${when})? +in [12] hours? at the earliest$`,
    ),
  );
  assert.equal(sum, '0 tasks of 1 would be stopped now, as far as is known.');
  const json = await stack('--stack', 'prod', '--json');
  assert.equal(json.code, 0);
  const told = JSON.parse(json.out) as {
    policy: object;
    tasks: readonly Record<string, unknown>[];
  };
  assert.deepEqual(told.policy, { ...POLICY, warning: 900, dryRun: false });
  const [task] = told.tasks;
  assert.equal(task?.['id'], id);
  assert.equal(task['queueName'], 'gpu');
  assert.equal(task['stoppedAfterSeconds'], 7_200);
  assert.equal(clearml.calls.count({ call: 'tasks.stop' }), 0);
});

test('npm run idle says what it does not know, and ends with 1', async (t) => {
  const { clearml, id, url } = await routed(t);
  // There may be other replicas, and the account is no administrator.
  const stack = stackOf(t, clearml.url, url, 'alice', { availability: {} });
  const { code, out } = await stack('-s', 'prod');
  assert.equal(code, 1);
  const lines = out.split('\n');
  assert.deepEqual(lines.slice(0, 2), [
    '• The replica that answered asks no others: what they saw is not known.',
    "• Only tasks are listed that the router's account may open: name it in router.administrators to see those of their owners alone.",
  ]);
  assert.match(lines[3] ?? '', new RegExp(`^${id}  notebook  gpu    unknown   unknown `));
});

test('npm run idle tells of all other tasks where one reports what cannot be read', async (t) => {
  const { clearml, id, url } = await routed(t);
  const runtime = clearml.state.task(id)?.runtime ?? {};
  const hostile = addTask(clearml, { runtime, more: { last_metrics: { a: 'b' } } });
  await taskWhen(clearml, hostile.id, (one) => 'endpoint' in one.runtime);
  const stack = stackOf(t, clearml.url, url, 'admin', {});
  const { code, err, out } = await stack('-s', 'prod');
  assert.equal(err, '');
  assert.equal(code, 1);
  assert.match(
    out,
    /^• What 1 task reported is not known: ClearML gives no answer that can be read\.$/m,
  );
  assert.match(out, new RegExp(`^${id} .* no policy$`, 'm'));
  assert.match(out, new RegExp(`^${hostile.id} .* not asked +no policy$`, 'm'));
});

test('npm run idle ends with 2 where it could not look, and says why', async (t) => {
  const away = stackOf(t, NOBODY, NOBODY, 'admin', {});
  assert.deepEqual(await away('--stack', 'prod'), {
    code: 2,
    out: '',
    err: `ClearML: ClearML at ${NOBODY} did not answer auth.login: connect ECONNREFUSED 127.0.0.1:1\n`,
  });
  const clearml = await startClearMl();
  t.after(() => clearml.stop());
  const url = `http://127.0.0.1:${await freePort()}`;
  const noRouter = stackOf(t, clearml.url, url, 'admin', {});
  assert.deepEqual(await noRouter('--stack', 'prod'), {
    code: 2,
    out: '',
    err: `list of routes at ${url}: fetch failed: connect ECONNREFUSED ${url.slice(7)}\n`,
  });
  const misused = await noRouter('--table');
  assert.equal(misused.code, 2);
  assert.match(misused.err, /^Unknown option '--table'/);
  const asked = await noRouter();
  assert.equal(asked.code, 2);
  assert.match(asked.out, /^npm run idle -- --stack NAME/);
  assert.equal((await noRouter('--help')).code, 0);
});
