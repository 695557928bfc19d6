/** A router process that takes itself for a pod: the owner of a task whose code knows nothing asks for it in a browser. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { makeCertificate } from '../../lab/certificate.ts';
import { addTask } from '../../lab/clearml/asks.ts';
import { credentials, ids } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { PodServer } from '../../router/kubernetes/pod_server.ts';
import { runtimeOf } from '../../support/installation.ts';
import { AS_POD } from '../../support/kubernetes/pod.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { withoutFindings } from './findings.ts';
import { personAt } from './person.ts';

const certificate = makeCertificate();
after(() => certificate?.remove());
const skip = noChromium || (certificate === undefined && 'needs openssl to make a certificate');

const TASK = 'Churn notebook';
const NOT_HERE = 'Pod to come';

/** A router that looks at pods, with two tasks of alice's, one of bob's, and a pod for the first of them. */
async function start(t: TestContext) {
  assert.ok(certificate !== undefined);
  const folder = await mkdtemp(join(tmpdir(), 'asking-'));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 'a-token\n');
  const app = createServer((request, response) => response.end(`the task at ${request.url}`));
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  const pods = await PodServer.start(certificate);
  const clearml = await startClearMl({ edition: 'open-source' });
  const task = { type: 'training', systemTags: [] } as const;
  const now = Date.now();
  const { id } = addTask(clearml, { ...task, name: TASK, startedAt: now });
  addTask(clearml, { ...task, name: NOT_HERE, startedAt: now - 3_600_000 });
  addTask(clearml, { ...task, name: 'of Bob', user: ids.bob });
  pods.put(`clearml-id-${id}`, ['127.0.0.1']);
  const port = await freePort();
  const origin = `http://router.example.com:${port}`;
  const router = await startRouterProcess(
    {
      ...settingsFor(clearml),
      ROUTER_URL: origin,
      HTTP_PORT: String(port),
      VERIFY_TASK_PODS: 'clearml',
      VERIFY_TASK_PODS_STRICT: 'true',
      KUBERNETES_SERVICE_HOST: 'localhost',
      KUBERNETES_SERVICE_PORT: String(pods.port),
      POD_NAME: 'router-0',
      POD_CA_FILE: certificate.certFile,
      POD_TOKEN_FILE: tokenFile,
    },
    { nodeOptions: ['--import', AS_POD] },
  );
  const browser = await launchChromium();
  t.after(async () => {
    await browser.close();
    await router.stop();
    await clearml.stop();
    await pods.stop();
    app.close();
    app.closeAllConnections();
    await rm(folder, { recursive: true });
  });
  await router.readyz(200);
  const alice = await personAt(browser);
  await alice.signIn(origin, credentials.alice);
  return { router, clearml, origin, id, appPort: (app.address() as AddressInfo).port, alice };
}

/** What the field of the task offers, up to the part that tells clones apart. */
async function offered(page: Page): Promise<readonly string[]> {
  const options = await page.getByLabel('Task', { exact: true }).locator('option').allInnerTexts();
  return options.map((text) => text.slice(0, text.indexOf('(')).trim());
}

test('a task whose code knows nothing is asked for, opened and withdrawn', { skip }, async (t) => {
  const { router, clearml, origin, id, appPort, alice } = await start(t);
  const { page } = alice;
  await page.getByText('None of your running tasks asks for access from outside').waitFor();
  await withoutFindings(page);
  await alice.press('link', 'Ask for an endpoint');
  await page.getByRole('heading', { name: 'Ask for an endpoint' }).waitFor();
  await withoutFindings(page);
  assert.deepEqual(await offered(page), [`Lab / ${TASK}`, `Lab / ${NOT_HERE}`]);

  // The second task, by its arrow: its pod is not there.
  await alice.tabTo(page.getByLabel('Task', { exact: true }));
  await page.keyboard.press('ArrowDown');
  await alice.type('Port', String(appPort));
  await alice.typeKeys(credentials.alice);
  await page.getByRole('alert').getByText('No pod of this task is known.').waitFor();
  await withoutFindings(page);
  assert.equal(await page.getByLabel('Port').inputValue(), String(appPort));

  await alice.tabTo(page.getByLabel('Task', { exact: true }));
  await page.keyboard.press('ArrowUp');
  await alice.typeKeys(credentials.alice);
  await page.getByText('Asked.').waitFor();
  await withoutFindings(page);
  await router.logged((line) => line['event'] === 'route_opened' && line['task'] === id);
  const url = `${origin}/service/${id}/`;
  await alice.press('link', url);
  await page.getByText('the task at /', { exact: true }).waitFor();

  await alice.visit(origin);
  await page.getByRole('heading', { name: TASK }).waitFor();
  await withoutFindings(page);
  await alice.press('link', `Withdraw ${TASK}`);
  await page.getByRole('heading', { name: /^Withdraw / }).waitFor();
  await withoutFindings(page);
  await alice.typeKeys(credentials.alice);
  await page.getByText('Withdrawn.').waitFor();
  await withoutFindings(page);
  await router.logged((line) => line['event'] === 'endpoint_gone' && line['endpoint'] === id);
  assert.equal(await alice.visit(url), 404);
  await alice.visit(origin);
  await page.getByText('None of your running tasks asks for access from outside').waitFor();
  // When it was last used stays known, where the router had already written that down.
  const { router_last_used: _, ...left } = runtimeOf(clearml, id);
  assert.deepEqual(left, {});
  assert.deepEqual(alice.complaints, []);
});
