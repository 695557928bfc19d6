import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { sendAnswer, type Answer } from '../../../router/pages/answer.ts';
import { denialAnswer } from '../../../router/pages/denial_answers.ts';
import { closedRouteAnswer, failureAnswer } from '../../../router/upstream/failure.ts';
import {
  bearer,
  claims,
  CLEARML_COOKIE,
  request,
  sign,
  table,
} from '../../support/auth_fixture.ts';
import { startSite, type Site } from '../../support/site.ts';
import { launchChromium, noChromium, sendKeys } from './chromium.ts';
import { HOSTILE_NAME, PAGE_ENDPOINTS, PAGE_ROUTES } from './page_endpoints.ts';

const { jupyter, refused, waiting } = PAGE_ENDPOINTS;
const TOKENS = `/auth/endpoint-tokens?endpoint=${jupyter.id}`;
const ASK = '/auth/ask';

/** What the router says instead of a task, by the path under which the test shows it. */
const ERRORS: Readonly<Record<string, Answer | undefined>> = {
  '/nothing-here': denialAnswer({ outcome: 'denied', status: 404, reason: 'not-visible' }),
  '/refused': closedRouteAnswer(refused),
  '/starting': closedRouteAnswer(waiting),
  '/not-listening': failureAnswer('refused'),
  '/ended': denialAnswer({
    outcome: 'denied',
    status: 404,
    reason: 'task-ended',
    gone: {
      became: 'task-ended',
      id: jupyter.task.id,
      name: HOSTILE_NAME,
      endedAt: Date.now() - 180_000,
      status: 'completed',
      startedAt: 1,
      url: 'https://app.clearml.example.com/projects/*/experiments/x/output/log',
    },
  }),
  '/clearml-away': denialAnswer({
    outcome: 'denied',
    status: 503,
    reason: 'clearml-unavailable',
    retryAfter: 5,
  }),
};

describe('the router’s own pages in a browser', { skip: noChromium }, () => {
  let browser: Browser;
  let site: Site;
  let folder = '';
  let token = '';
  const errors = createServer((message, response) => {
    const answer = ERRORS[message.url ?? ''] ?? failureAnswer('other');
    sendAnswer(response, 'html', answer);
  });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pages-'));
    const everything = {
      ...table(Object.values(PAGE_ENDPOINTS), PAGE_ROUTES),
      confirmedAt: Date.now(),
    };
    const environment = {
      ROUTER_URL: 'http://router.example.com',
      ROUTER_WILDCARD_HOST: 'tasks.example.com',
      CLEARML_WEB_URL: 'https://app.clearml.example.com',
      TCP_ROUTER_ADDRESS: 'tcp.example.com',
      TCP_PORT_START: '10000',
      TCP_PORT_END: '10099',
      STATE_FILE: join(folder, 'state'),
      ROUTER_SECRET: 'a-secret-of-the-router-itself',
      LOG_LEVEL: 'debug',
    };
    site = await startSite(everything, environment, {
      ownAddress: () => ({ address: '10.0.0.1' }),
    });
    const payload = claims('owner');
    const identity = { ...(payload['identity'] as object), role: 'admin' };
    token = await sign({ ...payload, identity });
    const login = await sign({ ...payload, login: 1 });
    site.clearml.grant(login);
    site.clearml.credentials.set('AK:SK', login);
    site.clearml.grant(token, ...Object.values(PAGE_ENDPOINTS).map(({ task }) => task.id));
    site.activity.answered('http', jupyter.id, performance.now());
    site.activity.used('http', jupyter.id);
    site.activity.failed('http', PAGE_ENDPOINTS.failing.id, 'refused');
    const wish = JSON.stringify({ endpoint: jupyter.id, label: 'nightly export' });
    const headers = { Authorization: `Bearer ${token}` };
    for (const _twice of [1, 2]) await site.ask('POST', '/api/v1/endpoint-tokens', headers, wish);
    errors.listen(0, '127.0.0.1');
    browser = await launchChromium();
  });
  after(async () => {
    await browser.close();
    site.close();
    errors.close();
    errors.closeAllConnections();
    await rm(folder, { recursive: true });
  });

  /** A page, and what the browser complained about; signed in unless told otherwise. */
  async function open(
    path: string,
    options: BrowserContextOptions & { stranger?: boolean; cookie?: boolean } = {},
  ) {
    const { stranger = false, cookie = false, ...more } = options;
    const byBearer = !stranger && !cookie;
    const context = await browser.newContext({
      ...(byBearer ? { extraHTTPHeaders: { Authorization: `Bearer ${token}` } } : {}),
      permissions: ['clipboard-read', 'clipboard-write'],
      ...more,
    });
    if (cookie) {
      await context.addCookies([{ name: CLEARML_COOKIE, value: token, url: site.url }]);
    }
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      // Chromium says so of each page with such a status; the status is meant.
      if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    const isError = Object.hasOwn(ERRORS, path);
    const port = (errors.address() as AddressInfo).port;
    await page.goto((isError ? `http://127.0.0.1:${port}` : site.url) + path);
    return { page, complaints };
  }

  async function fits(page: Page): Promise<void> {
    const [content, window] = await page.evaluate<[number, number]>(
      '[document.documentElement.scrollWidth, innerWidth]',
    );
    assert.ok(content <= window, `${content} px of content in a window of ${window}`);
  }

  async function accessible(page: Page): Promise<void> {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>('axe.run()');
    assert.deepEqual(
      violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
      [],
    );
  }

  /** Names of everything of a role, as the accessibility tree has them: what a screen reader says. */
  async function names(page: Page, role: string): Promise<string[]> {
    const tree = await page.locator('body').ariaSnapshot();
    return [...tree.matchAll(new RegExp(`- ${role}(?: "((?:[^"\\\\]|\\\\.)*)")?`, 'g'))].map(
      ([, name = '']) => name,
    );
  }

  const pages: readonly (readonly [string, string, { stranger?: boolean }])[] = [
    ['the list', '/', {}],
    ['a list that nothing matches', '/?q=nothing+of+the+kind', {}],
    ['tokens of an endpoint', TOKENS, {}],
    ['all tokens', '/auth/endpoint-tokens', {}],
    ['asking for an endpoint', ASK, {}],
    ['withdrawing one', `${ASK}/withdraw?endpoint=${jupyter.id}`, {}],
    ['sign-in', '/auth/sign-in?next=/&reason=token-expired', { stranger: true }],
    ['sign-in of somebody who is signed in', '/auth/sign-in', {}],
    ...Object.keys(ERRORS).map((path) => [`the page ${path}`, path, {}] as const),
  ];
  for (const [says, path, options] of pages) {
    it(`${says}: accessible in light and dark, fits 320 px and 200 % zoom`, async () => {
      for (const colorScheme of ['light', 'dark'] as const) {
        const how = { ...options, colorScheme, bypassCSP: true };
        const { page, complaints } = await open(path, how);
        // 320 px: WCAG 2.1, 1.4.10. A window of 1280 px at 200 % is one of 640 (1.4.4).
        for (const width of [320, 640, 1280]) {
          await page.setViewportSize({ width, height: 800 });
          await page.evaluate(
            "for (const each of document.querySelectorAll('details')) each.open = true",
          );
          await fits(page);
        }
        await accessible(page);
        assert.deepEqual(complaints, []);
        await page.context().close();
      }
    });
  }

  it('breaks no rule of its own Content-Security-Policy, and runs nothing that a task says', async () => {
    for (const [, path, options] of pages) {
      const { page, complaints } = await open(path, options);
      assert.equal(await page.locator('img').count(), 0);
      assert.deepEqual(complaints, [], path);
      await page.context().close();
    }
    const { page } = await open('/');
    assert.ok((await page.locator('h4').allInnerTexts()).includes(HOSTILE_NAME));
  });

  it('gives every button and link a name of its own that says what it does', async () => {
    for (const path of ['/', TOKENS]) {
      const { page } = await open(path);
      for (const summary of await page.locator('summary').all()) await summary.click();
      const buttons = await names(page, 'button');
      assert.ok(buttons.length > (path === '/' ? 12 : 3), `${buttons.length} buttons`);
      for (const role of ['button', 'link']) {
        const found = await names(page, role);
        assert.deepEqual(found, [...new Set(found)], `${role}s of ${path}`);
        const bare = ['', 'Copy', 'Test', 'Tokens', 'Withdraw', 'Revoke', 'in ClearML'];
        assert.deepEqual(
          found.filter((name) => bare.includes(name)),
          [],
        );
      }
    }
  });

  it('is used by keyboard alone, with the focus in sight at each step', async () => {
    const { page } = await open('/');
    const wanted = page.getByRole('button', {
      name: 'Copy URL of JupyterLab for the churn model',
    });
    let reached = false;
    for (let press = 0; press < 80 && !reached; press += 1) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate<string>(
        "(() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement); return outlineStyle + ' ' + outlineWidth; })()",
      );
      assert.equal(outline, 'solid 3px');
      reached = await wanted.evaluate((element) => element.matches(':focus'));
    }
    assert.ok(reached);
    await page.keyboard.press('Enter');
    await page.locator('#status').getByText('Copied.').waitFor({ state: 'attached' });
    assert.match(
      await page.evaluate<string>('navigator.clipboard.readText()'),
      /^http:\/\/a{32}\.tasks\.example\.com\/$/,
    );
  });

  it('makes a token by keyboard, copies it, and it opens the endpoint', async () => {
    const { page, complaints } = await open(TOKENS);
    await page.getByLabel('Label').focus();
    await page.keyboard.type('from the keyboard');
    await page.keyboard.press('Enter');
    await page.getByText('it is shown this once').waitFor();
    await page.getByRole('button', { name: 'Copy token from the keyboard' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('#status').getByText('Copied.').waitFor({ state: 'attached' });
    const text = await page.evaluate<string>('navigator.clipboard.readText()');
    assert.match(text, /^ttr_/);
    const decision = await site.auth.gate.admit(request(jupyter.id, bearer(text)));
    assert.equal(decision.outcome, 'admitted');
    assert.ok(!page.url().includes('ttr_'));
    assert.ok(!site.lines.join('').includes('ttr_'));
    await page.getByRole('link', { name: /^Tokens for/ }).click();
    await page.getByRole('button', { name: /^Revoke from the keyboard/ }).click();
    await page.getByText('Revoked.').waitFor();
    assert.ok(!(await page.content()).includes('ttr_'));
    const after = await site.auth.gate.admit(request(jupyter.id, bearer(text)));
    assert.equal(after.outcome, 'denied');
    assert.deepEqual(complaints, []);
  });

  it('the page with a new token is accessible, too', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const viewport = { width: 320, height: 800 };
      const { page } = await open(TOKENS, { colorScheme, viewport, bypassCSP: true });
      await page.getByLabel('Label').fill(colorScheme);
      await page.getByRole('button', { name: 'Make token' }).click();
      await page.getByText('it is shown this once').waitFor();
      await fits(page);
      await accessible(page);
    }
  });

  it('asks who comes with a cookie for the keys again, and says what is wrong with them', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const viewport = { width: 320, height: 800 };
      const how = { cookie: true, colorScheme, viewport, bypassCSP: true };
      const { page } = await open(TOKENS, how);
      await page.getByLabel('Label').fill('with keys');
      await sendKeys(page, { accessKey: 'AK', secretKey: 'wrong' }, 'Make token');
      await page.getByRole('alert').getByText('ClearML does not know').waitFor();
      await fits(page);
      await accessible(page);
      assert.equal(await page.getByLabel('Label').inputValue(), 'with keys');
      await sendKeys(page, { accessKey: 'AK', secretKey: 'SK' }, 'Make token');
      await page.getByText('it is shown this once').waitFor();
      site.clearml.refused.clear();
    }
  });

  it('asks for an endpoint and withdraws it, by keyboard alone and without scripts', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const viewport = { width: 320, height: 800 };
      const how = { colorScheme, viewport, bypassCSP: true };
      const { page, complaints } = await open(ASK, { ...how, javaScriptEnabled: false });
      await page.getByLabel('Task', { exact: true }).focus();
      await page.getByLabel('Task', { exact: true }).selectOption(waiting.task.id);
      await page.getByLabel('Port').focus();
      await page.keyboard.type('8888');
      await page.getByLabel('Name, where').focus();
      await page.keyboard.type('lab_');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').getByText('Something is missing').waitFor();
      assert.equal(await page.getByLabel('Port').inputValue(), '8888');
      assert.equal(await page.getByLabel('Task', { exact: true }).inputValue(), waiting.task.id);
      await page.getByLabel('Name, where').fill(`lab-${colorScheme}`);
      await page.keyboard.press('Enter');
      await page.getByText('Asked. It is open').waitFor();
      const id = `${waiting.task.id}__lab-${colorScheme}`;
      assert.equal(
        site.tasks.runtimes.get(waiting.task.id)?.get(`_PORT__lab-${colorScheme}`),
        '8888',
      );
      await fits(page);
      await page.goto(`${site.url}${ASK}/withdraw?endpoint=${id}`);
      await page.getByRole('button', { name: 'Withdraw' }).focus();
      await page.keyboard.press('Enter');
      await page.getByText('Withdrawn.').waitFor();
      await fits(page);
      assert.deepEqual([...(site.tasks.runtimes.get(waiting.task.id) ?? [])], []);
      assert.deepEqual(complaints, []);
      await page.context().close();
    }
  });

  it('what asking and withdrawing came to is accessible, too', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const how = { colorScheme, viewport: { width: 320, height: 800 }, bypassCSP: true };
      const { page } = await open(ASK, how);
      await page.getByLabel('Task', { exact: true }).selectOption(jupyter.task.id);
      await page.getByLabel('Port').fill('8888');
      await page.getByRole('button', { name: 'Ask' }).click();
      await page.getByText('Asked. It is open').waitFor();
      await accessible(page);
      await page.goto(site.url + ASK);
      await page.getByLabel('Task', { exact: true }).selectOption(jupyter.task.id);
      await page.getByLabel('Port').fill('8888');
      await page.getByRole('button', { name: 'Ask' }).click();
      await page.getByRole('alert').getByText('The task asks for that already').waitFor();
      await accessible(page);
      await page.goto(`${site.url}${ASK}/withdraw?endpoint=${jupyter.id}`);
      await page.getByRole('button', { name: 'Withdraw' }).click();
      await page.getByText('Withdrawn.').waitFor();
      await accessible(page);
      await page.context().close();
    }
  });

  it('tests a connection without leaving the page, and corrects the state', async () => {
    const { page, complaints } = await open('/');
    await page.getByRole('button', { name: 'Test JupyterLab for the churn model' }).click();
    const row = page.locator('.row', { hasText: 'JupyterLab for the churn model' });
    await row.getByText(/HTTP: The task is running, but nothing listens/).waitFor();
    await row.locator('[data-way=http]').getByText('does not answer', { exact: true }).waitFor();
    assert.deepEqual(complaints, []);
  });

  it('filters while typing', async () => {
    const { page } = await open('/');
    await page.getByRole('searchbox', { name: 'Filter endpoints' }).fill('jupyter churn');
    assert.equal(await page.locator('#endpoints .row:visible').count(), 1);
    await page
      .locator('#status')
      .getByText(/^1 of \d+ shown\.$/)
      .waitFor({ state: 'attached' });
  });

  it('does everything without scripts, and offers nothing that needs them', async () => {
    const { page } = await open('/', { javaScriptEnabled: false });
    assert.equal(await page.getByRole('link', { name: /^http:\/\/a{32}\./ }).count(), 1);
    assert.ok(await page.getByText('tcp.example.com:10022').isVisible());
    assert.deepEqual(
      (await page.getByRole('button').allInnerTexts()).filter((text) => text === 'Copy'),
      [],
    );
    await page.getByRole('searchbox').fill('jupyter churn');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\?q=jupyter\+churn$/);
    assert.equal(await page.locator('#endpoints .row').count(), 1);
    await page.getByRole('button', { name: 'Test JupyterLab for the churn model' }).click();
    await page.waitForURL(/\/api\/v1\/endpoints\/a{32}\/test$/);
    assert.ok(
      await page
        .getByText(/nothing listens at the address/)
        .first()
        .isVisible(),
    );
    await page.getByRole('link', { name: 'All endpoints' }).click();
    await page.getByRole('link', { name: 'Tokens for JupyterLab for the churn model' }).click();
    await page.getByLabel('Label').fill('no scripts');
    await page.getByRole('button', { name: 'Make token' }).click();
    assert.match(await page.locator('.secret code').innerText(), /^ttr_/);
    await page.getByRole('link', { name: /^Tokens for/ }).click();
    await page.getByRole('button', { name: /^Revoke no scripts/ }).click();
    assert.ok(await page.getByText('Revoked.').isVisible());
  });

  it('moves nothing for those who asked for less motion', async () => {
    const moving =
      "[...document.querySelectorAll('*')].filter((one) => { const { transitionDuration, animationName } = getComputedStyle(one); return transitionDuration !== '0s' || animationName !== 'none'; }).length";
    const still = await open('/', { reducedMotion: 'reduce' });
    assert.equal(await still.page.evaluate<number>(moving), 0);
    const usual = await open('/', { reducedMotion: 'no-preference' });
    assert.ok((await usual.page.evaluate<number>(moving)) > 0, 'the check sees what moves');
  });
});
