import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { addTask, httpAsk } from '../../lab/clearml/asks.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';
import { launchChromium, noChromium, sendKeys } from './chromium.ts';

test('from sign-in to a token that a program uses', { skip: noChromium }, async (t) => {
  const task = createServer((request, response) => {
    response.end(`for ${String(request.headers['x-clearml-user-id'])}`);
  });
  task.listen(0, '127.0.0.1');
  await once(task, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'pages-'));
  const clearml = await startClearMl();
  const port = await freePort();
  const origin = `http://router.example.com:${port}`;
  const router = await startRouterProcess({
    ...settingsFor(clearml),
    ROUTER_URL: origin,
    HTTP_PORT: String(port),
    STATE_FILE: join(folder, 'state'),
  });
  const browser = await launchChromium();
  t.after(async () => {
    await browser.close();
    await router.stop();
    await clearml.stop();
    task.close();
    await rm(folder, { recursive: true });
  });
  await router.readyz(200);
  const { port: taskPort } = task.address() as AddressInfo;
  const { id } = addTask(clearml, {
    runtime: httpAsk({ address: '127.0.0.1', port: taskPort }),
  });
  await router.logged((line) => line['event'] === 'route_opened' && line['task'] === id);

  const page = await (await browser.newContext()).newPage();
  await page.goto(origin);
  await sendKeys(page, credentials.alice, 'Sign in');
  await page.waitForURL(`${origin}/`);
  assert.ok(await page.getByText('no traffic seen').isVisible());
  await page.getByRole('button', { name: /^Test / }).click();
  await page.getByText(/HTTP: It answers with 200, after \d+ ms\./).waitFor();

  await page.getByRole('link', { name: /^Tokens for / }).click();
  await page.getByLabel('Label').fill('a program');
  await sendKeys(page, credentials.alice, 'Make token');
  const token = await page.locator('.secret code').innerText();
  const use = () =>
    fetch(`${router.url}/service/${id}/`, { headers: { authorization: `Bearer ${token}` } });
  assert.match(await (await use()).text(), /^for [0-9a-f]{32}$/);
  assert.ok(!JSON.stringify(router.lines).includes('ttr_'));

  await page.goto(origin);
  await page.getByText('used just now').waitFor();
  await page.getByRole('link', { name: 'Your tokens' }).click();
  await page.getByRole('button', { name: /^Revoke a program/ }).click();
  await page.getByText('Revoked.').waitFor();
  assert.equal((await use()).status, 401);
});
