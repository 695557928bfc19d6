import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { T } from '../../support/attacked.ts';
import { freePort } from '../../lab/free_port.ts';
import { ALICE, COOKIE_NAME, httpEndpoint, startProxy } from '../../support/proxy_world.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { withoutFindings } from './findings.ts';

/** How long the app loads before it listens, as one with a model does. Milliseconds. */
const START_MS = 20_000;

describe('a page that is opened before its app listens', { skip: noChromium }, () => {
  let browser: Browser;
  before(async () => {
    browser = await launchChromium();
  });
  after(() => browser.close());

  /** A task that does not listen, and its page in a browser that is signed in. */
  async function open(t: TestContext, options: BrowserContextOptions = {}) {
    const taskPort = await freePort();
    const shown = httpEndpoint(taskPort);
    const task = { ...shown.task, name: 'Notebook of the churn model', startedAt: Date.now() };
    const world = await startProxy([{ ...shown, task }], {
      settings: {
        origin: 'http://router.test',
        wildcardHost: undefined,
        pathForm: true,
        isTrustedProxy: undefined,
        secureCookies: false,
        clearmlWebUrl: 'https://app.example.com',
      },
    });
    const url = `http://127.0.0.1:${world.port}`;
    const context = await browser.newContext(options);
    await context.addCookies([{ name: COOKIE_NAME, value: ALICE.token, url }]);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      // Chromium says so of each answer with such a status; the status is meant.
      if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    t.after(async () => {
      await context.close();
      await world.close();
    });
    const opened = await page.goto(`${url}${T}/lab?x=1#part`);
    assert.equal(opened?.status(), 503);
    return { page, complaints, taskPort, url };
  }

  async function listen(t: TestContext, port: number): Promise<void> {
    const app = createServer((request, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<h1>The app at ${request.url}</h1>`);
    }).listen(port, '127.0.0.1');
    await once(app, 'listening');
    t.after(() => {
      app.closeAllConnections();
      app.close();
    });
  }

  const waits = (page: Page) =>
    page.getByRole('heading', { name: 'Waiting for the task' }).waitFor();

  describe('20 seconds before', { concurrency: 2 }, () => {
    for (const javaScriptEnabled of [true, false]) {
      const how = javaScriptEnabled ? 'with' : 'without';
      it(`ends in the app, ${how} scripts, at the address that was opened`, async (t) => {
        const { page, complaints, taskPort, url } = await open(t, { javaScriptEnabled });
        const starting = sleep(START_MS);
        await waits(page);
        if (javaScriptEnabled) await page.getByText('Looked 1 time, last at').waitFor();
        await starting;
        await waits(page);
        await listen(t, taskPort);
        await page.getByRole('heading', { name: 'The app at /lab?x=1' }).waitFor();
        assert.equal(page.url(), `${url}${T}/lab?x=1${javaScriptEnabled ? '#part' : ''}`);
        assert.deepEqual(complaints, []);
      });
    }
  });

  it('is accessible in light and dark, in every width, also when it no longer waits', async (t) => {
    const { page, complaints } = await open(t);
    await waits(page);
    await withoutFindings(page);
    await page.evaluate("document.getElementById('late').hidden = false");
    await withoutFindings(page);
    assert.deepEqual(complaints, []);
  });

  it('no longer waits after 15 minutes, and begins anew when asked to', async (t) => {
    const { page } = await open(t);
    await waits(page);
    await page.clock.install();
    await page.reload();
    await waits(page);
    await page.clock.fastForward(16 * 60_000);
    await page.getByText('This page no longer waits.').waitFor();
    await page.getByText('It has taken 15 minutes. Look at').waitFor();
    await page.getByRole('link', { name: 'Wait again' }).click();
    await page.getByText('This page looks every few seconds').waitFor();
    assert.equal(await page.getByText('It has taken 15 minutes').isVisible(), false);
  });
});
