import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { Guarded } from '../../support/guarded_router.ts';
import { WILDCARD, guarded } from '../../support/guarded_router.ts';
import { CLEARML_COOKIE, claims, sign, taskId, tokenOf } from '../../support/auth_fixture.ts';
import { freePort } from '../../lab/free_port.ts';
import { launchChromium, noChromium, sendKeys } from './chromium.ts';

const MINE = taskId('a');

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Stands in for ClearML's web app where the user has a session: it sends everybody straight back. */
class WebApp {
  visits = 0;
  /** The cookie that it sets for the whole domain, if any. */
  token: string | undefined;
  readonly server = createServer((message, response) => {
    this.visits += 1;
    const { searchParams } = new URL(message.url ?? '/', 'http://app.example.com');
    response.writeHead(302, {
      Location: searchParams.get('redirect') ?? '/',
      ...(this.token === undefined
        ? {}
        : { 'Set-Cookie': `${CLEARML_COOKIE}=${this.token}; Path=/; Domain=example.com` }),
    });
    response.end();
  });
}

describe('signing in with a browser', { skip: noChromium }, () => {
  let browser: Browser;
  let world: Guarded;
  let webApp: WebApp;
  let origin = '';
  let token = '';

  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser.close());
  afterEach(async () => {
    await world.close();
    webApp.server.close();
  });

  async function start(withWebApp: boolean): Promise<Page> {
    webApp = new WebApp();
    const webPort = await listening(webApp.server);
    const port = await freePort();
    origin = `http://router.example.com:${port}`;
    const web: Record<string, string> = withWebApp
      ? { CLEARML_WEB_URL: `http://app.example.com:${webPort}` }
      : {};
    world = await guarded([MINE], { ROUTER_URL: origin, HTTP_PORT: String(port), ...web });
    token = await tokenOf('owner');
    world.clearml.grant(token, MINE);
    world.clearml.credentials.set('AK:SK', token);
    return (await browser.newContext()).newPage();
  }

  const fillIn = (page: Page, secretKey: string) =>
    sendKeys(page, { accessKey: 'AK', secretKey }, 'Sign in');

  it('at the own page: back to where the person wanted to go, after a mistake as well', async () => {
    const page = await start(false);
    await page.goto(`${origin}/service/${MINE}/lab?x=1`);
    assert.match(page.url(), /\/auth\/sign-in\?next=/);
    await fillIn(page, 'wrong');
    await page.getByRole('alert').waitFor();
    await fillIn(page, 'SK');
    await page.waitForURL(`${origin}/service/${MINE}/lab?x=1`);
    assert.equal(await page.textContent('body'), 'ok');
    assert.equal(await page.evaluate('document.cookie'), '');
    assert.ok(!world.task.seen().includes('router_session'));
    await page.goto(`${origin}/auth/sign-in`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${origin}/auth/sign-in`);
    await page.goto(`${origin}/service/${MINE}/`);
    assert.match(page.url(), /\/auth\/sign-in\?next=/);
  });

  it('for an endpoint’s own host: there by a one-time code, which leaves no trace', async () => {
    const page = await start(false);
    const { port } = new URL(origin);
    const own = `http://${MINE}.${WILDCARD}:${port}/lab?x=1`;
    await page.goto(own);
    assert.ok(page.url().startsWith(`${origin}/auth/sign-in`));
    await fillIn(page, 'SK');
    await page.waitForURL(own);
    assert.equal(await page.textContent('body'), 'ok');
    assert.equal(await page.evaluate('document.cookie'), '');
    const seen = world.task.seen();
    assert.ok(!seen.includes('router_') && !seen.includes('code=') && !seen.includes(token));
  });

  it('at ClearML’s web app, whose cookie reaches the router', async () => {
    const page = await start(true);
    webApp.token = token;
    await page.goto(`${origin}/service/${MINE}/`);
    assert.equal(page.url(), `${origin}/service/${MINE}/`);
    assert.equal(await page.textContent('body'), 'ok');
    assert.equal(webApp.visits, 1);
  });

  it('with a stale cookie of ClearML’s: the own page instead of a loop, and it works (A24)', async () => {
    const page = await start(true);
    webApp.token = await sign({ ...claims('owner'), exp: 1_000_000_000 });
    await page.goto(`${origin}/service/${MINE}/`);
    assert.match(page.url(), /\/auth\/sign-in\?next=.*reason=token-expired/);
    assert.equal(webApp.visits, 1);
    await page.getByRole('alert').waitFor();
    await fillIn(page, 'SK');
    await page.waitForURL(`${origin}/service/${MINE}/`);
    assert.equal(await page.textContent('body'), 'ok');
  });

  it('with a web app whose cookie does not reach the router: no loop either', async () => {
    const page = await start(true);
    await page.goto(`${origin}/service/${MINE}/`);
    assert.match(page.url(), /\/auth\/sign-in\?next=/);
    assert.equal(webApp.visits, 1);
  });
});
