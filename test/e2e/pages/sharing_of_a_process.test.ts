/** A router process before an open-source server, whose every account sees every task: the owner shares, and takes back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Page } from 'playwright-core';
import { addTask, httpAsk } from '../../lab/clearml/asks.ts';
import { credentials, ids, openSourceSeed } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';
import { accepting } from '../../support/web_socket_handshake.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { withoutFindings } from './findings.ts';
import { personAt } from './person.ts';

/** As clones of pipelines are called: too long for a line of a phone, and without a space. */
const TASK = `churn_notebook_${'rerun_of_'.repeat(9)}monday`;
const CAROL = {
  id: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaca01',
  name: 'Carol',
  company: ids.companyA,
  role: 'user',
  credentials: [{ accessKey: 'LABCAROLACCESSKEY000000000000', secretKey: 'lab-carol-secret' }],
} as const;
const [CAROL_KEYS] = CAROL.credentials;

/** A page of the task's that says what becomes of a WebSocket and of a stream of events. */
const OPEN_PAGE = `<!doctype html><title>task</title><p id="socket"></p><p id="events"></p><script>
const say = (id, text) => { document.getElementById(id).textContent += text; };
const socket = new WebSocket(new URL('socket', location.href.replace('http', 'ws')));
socket.onopen = () => say('socket', 'open');
socket.onclose = () => say('socket', ', closed');
const events = new EventSource('events');
events.onopen = () => say('events', 'open');
events.onerror = () => { if (events.readyState === EventSource.CLOSED) say('events', ', closed'); };
</script>`;

async function startTask(t: TestContext): Promise<number> {
  const server = createServer((request, response) => {
    if (request.url?.endsWith('/events') === true) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('retry: 50\n\n');
      return;
    }
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(OPEN_PAGE);
  });
  server.on('upgrade', ({ rawHeaders }, socket) => {
    const key = rawHeaders[rawHeaders.findIndex((name) => /^sec-websocket-key$/i.test(name)) + 1];
    socket.on('error', () => undefined).write(accepting(`Sec-WebSocket-Key: ${key}`) ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A router and its server with one task of alice's, and a way for people to come to it. */
async function start(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'sharing-'));
  const seed = { ...openSourceSeed, users: [...openSourceSeed.users, CAROL] };
  const clearml = await startClearMl({ edition: 'open-source', seed });
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
    await rm(folder, { recursive: true });
  });
  await router.readyz(200);
  const runtime = httpAsk({ address: '127.0.0.1', port: await startTask(t) });
  const { id } = addTask(clearml, { name: TASK, runtime });
  await router.logged((line) => line['event'] === 'route_opened' && line['task'] === id);
  const come = () => personAt(browser);
  const signedIn = async (keys: (typeof credentials)[keyof typeof credentials]) => {
    const person = await come();
    await person.signIn(origin, keys);
    return person;
  };
  return { router, origin, url: `${origin}/service/${id}/`, come, signedIn };
}

/** What the open page of the task says. */
async function says(page: Page, text: string): Promise<void> {
  for (const id of ['#socket', '#events']) {
    await page.locator(id).getByText(text, { exact: true }).waitFor();
  }
}

test(
  'shared with a colleague by name, and taken back while they have it open',
  { skip: noChromium },
  async (t) => {
    const { origin, url, signedIn } = await start(t);
    const alice = await signedIn(credentials.alice);
    const bob = await signedIn(credentials.bob);
    assert.equal(await bob.visit(url), 404);
    await bob.visit(origin);
    assert.equal(await bob.page.getByText(TASK).count(), 0);
    await alice.page.getByText('For you alone.').waitFor();
    await withoutFindings(alice.page);

    await alice.press('link', `Share ${TASK}`);
    await alice.page.getByText('Nothing is shared.').waitFor();
    await withoutFindings(alice.page);
    await alice.type('Names or ids of users', 'Bob');
    await alice.typeKeys(credentials.alice);
    await alice.page.getByText('Shared.', { exact: true }).waitFor();
    await withoutFindings(alice.page);
    await alice.press('link', 'All endpoints');
    await alice.page.getByText(/Shared with\s+Bob\s+since/).waitFor();
    await withoutFindings(alice.page);
    await alice.press('link', `Tokens for ${TASK}`);
    await alice.page.getByRole('heading', { name: `Tokens for ${TASK}` }).waitFor();
    await withoutFindings(alice.page);
    await alice.press('link', 'All endpoints');

    await bob.visit(origin);
    await bob.page.getByRole('heading', { name: 'Shared with you' }).waitFor();
    await bob.page.getByText('Alice Ångström shares it with you.').waitFor();
    await withoutFindings(bob.page);
    assert.equal(await bob.visit(url), 200);
    await says(bob.page, 'open');

    await alice.press('link', 'What you share');
    await alice.page.getByRole('heading', { name: 'What you share' }).waitFor();
    await withoutFindings(alice.page);
    await alice.press('button', /^Take back what is shared with Bob, [0-9a-f]{8}$/);
    await alice.page.getByText('Taken back.', { exact: true }).waitFor();
    await withoutFindings(alice.page);
    await says(bob.page, 'open, closed');
    assert.equal(await bob.visit(url), 404);
    assert.deepEqual([...alice.complaints, ...bob.complaints], []);
  },
);

test('shared by a link for one, which lets in one alone', { skip: noChromium }, async (t) => {
  const { router, origin, url, come, signedIn } = await start(t);
  const alice = await signedIn(credentials.alice);
  await alice.press('link', `Share ${TASK}`);
  await alice.tabTo(alice.page.getByLabel('Colleagues by name'));
  await alice.page.keyboard.press('ArrowUp');
  assert.ok(await alice.page.getByLabel(/^Whoever has a link/).isChecked());
  await alice.typeKeys(credentials.alice);
  await alice.page.getByText('it is shown this once').waitFor();
  const link = await alice.page.locator('.secret code').innerText();
  await withoutFindings(alice.page);

  const carol = await come();
  await carol.visit(link);
  await carol.typeKeys(CAROL_KEYS);
  await carol.page
    .getByRole('heading', { name: `Alice Ångström shares ${TASK} with you` })
    .waitFor();
  await withoutFindings(carol.page);
  assert.equal(await carol.visit(url), 404, 'looking at the link lets nobody in');
  await carol.visit(link);
  await carol.press('button', 'Open it');
  await carol.page.waitForURL(url);
  await says(carol.page, 'open');

  const bob = await signedIn(credentials.bob);
  assert.equal(await bob.visit(link), 404);
  await bob.page.getByText(/^This link is not valid, or no longer/).waitFor();
  await withoutFindings(bob.page);
  assert.equal(await bob.visit(url), 404);

  await alice.press('link', `Sharing of ${TASK}`);
  await alice.page.getByText(/a link, 0 of 1\s+use\s+left:\s+let in\s+Carol/).waitFor();
  await withoutFindings(alice.page);
  await alice.press('button', /^Take back what is shared with a link, /);
  await alice.page.getByText('Taken back.', { exact: true }).waitFor();
  await says(carol.page, 'open, closed');
  assert.equal(await carol.visit(url), 404);
  assert.equal(await carol.visit(link), 404);
  await carol.visit(origin);
  assert.equal(await carol.page.getByText(TASK).count(), 0);
  assert.ok(!router.written().includes(link.slice(-43)), 'the secret of a link is in no log');
  assert.deepEqual([...alice.complaints, ...bob.complaints, ...carol.complaints], []);
});

test(
  'an administrator sees what everybody shares, and takes it back',
  { skip: noChromium },
  async (t) => {
    const { origin, url, signedIn } = await start(t);
    const alice = await signedIn(credentials.alice);
    const bob = await signedIn(credentials.bob);
    const admin = await signedIn(credentials.admin);
    await alice.press('link', `Share ${TASK}`);
    await alice.type('Names or ids of users', 'Bob');
    await alice.typeKeys(credentials.alice);
    await alice.page.getByText('Shared.', { exact: true }).waitFor();
    assert.equal(await bob.visit(url), 200);

    await admin.visit(origin);
    await admin.page.getByRole('heading', { name: 'Of others, for administrators' }).waitFor();
    await withoutFindings(admin.page);
    await admin.press('link', `Sharing of ${TASK}`);
    await admin.page.getByRole('cell', { name: 'Bob', exact: true }).waitFor();
    assert.equal(await admin.page.getByRole('button', { name: 'Share', exact: true }).count(), 0);
    await withoutFindings(admin.page);
    await admin.visit(`${origin}/auth/endpoint-tokens?everybody=1`);
    await withoutFindings(admin.page);
    await admin.visit(`${origin}/auth/sharing?everybody=1`);
    await withoutFindings(admin.page);
    await admin.press('button', /^Take back what is shared with Bob, /);
    await admin.page.getByText('Taken back.', { exact: true }).waitFor();
    assert.equal(await bob.visit(url), 404);
    assert.deepEqual(admin.complaints, []);
  },
);
