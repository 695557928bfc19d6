import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { serveWeb, viewerOf } from '../router/web/web_fixture.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM}; set CHROMIUM`;

describe('the routes page in a browser', { skip }, () => {
  let browser: Browser;
  let web: Awaited<ReturnType<typeof serveWeb>>;

  before(async () => {
    web = await serveWeb(viewerOf('admin'));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  });
  after(async () => {
    await browser.close();
    web.close();
  });

  /** The page, and what the browser complained about. */
  async function open(options: BrowserContextOptions = {}) {
    const context = await browser.newContext({
      extraHTTPHeaders: { 'x-user': 'alice' },
      permissions: ['clipboard-read', 'clipboard-write'],
      ...options,
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(web.url);
    return { page, complaints };
  }

  async function fits(page: Page): Promise<void> {
    const [content, window] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, innerWidth]',
    );
    assert.ok(content <= window, `${content} px of content in a window of ${window}`);
  }

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [360, 1280]) {
      it(`is accessible and fits: ${colorScheme}, ${width} px`, async () => {
        const viewport = { width, height: 800 };
        const { page, complaints } = await open({ colorScheme, viewport, bypassCSP: true });
        for (const summary of await page.locator('summary').all()) await summary.click();
        await fits(page);
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate<AxeResults>('axe.run()');
        assert.deepEqual(
          violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
          [],
        );
        assert.deepEqual(complaints, []);
      });
    }
  }

  it('runs its script and nothing that a task says', async () => {
    const { page, complaints } = await open();
    assert.equal(await page.locator('img').count(), 0);
    assert.match(await page.locator('h3').nth(1).innerText(), /^<img src=x onerror/);
    assert.deepEqual(complaints, []);
  });

  it('copies by keyboard alone', async () => {
    const { page } = await open();
    const button = page.getByRole('button', { name: 'Copy URL of JupyterLab for the churn model' });
    for (let press = 0; press < 50; press += 1) {
      await page.keyboard.press('Tab');
      if (await button.evaluate((element) => element.matches(':focus'))) break;
    }
    await page.keyboard.press('Enter');
    await page.locator('#status').getByText('Copied.').waitFor();
    assert.match(
      await page.evaluate<string>('navigator.clipboard.readText()'),
      /^https:\/\/a{32}\.tasks\.example\.net\/$/,
    );
  });

  it('tells what a tried endpoint answers', async () => {
    const { page } = await open();
    await page.getByRole('button', { name: 'Test JupyterLab for the churn model' }).click();
    await page.getByText(/answers 404, \d+ ms/).waitFor();
  });

  it('says everything without scripts, and offers nothing that needs them', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    assert.equal(await page.getByRole('link', { name: /^https:\/\/a{32}\./ }).count(), 1);
    assert.ok(await page.getByText('tcp.example.com:10022').isVisible());
    assert.deepEqual(await page.getByRole('button').allInnerTexts(), ['Sign out']);
  });
});
