import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { credentials } from '../lab/clearml/seed.ts';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Milliseconds that a step in a page may take: apps load megabytes of script, and the machine may be busy. */
const STEP_MS = 60_000;

/** Why there can be no browser here, or false. In CI, where it has to be had, that is an error. */
export function withoutBrowser(): string | false {
  if (existsSync(CHROMIUM)) return false;
  const reason = `no Chromium at ${CHROMIUM}; set CHROMIUM`;
  if (process.env['CI'] === 'true') throw new Error(`not to be skipped in CI: ${reason}`);
  return reason;
}

/** A headless Chromium in which alice is signed in to the router, through its own sign-in page. */
export class SignedInBrowser {
  readonly #browser: Browser;
  readonly #context: BrowserContext;

  private constructor(browser: Browser, context: BrowserContext) {
    this.#browser = browser;
    this.#context = context;
  }

  /** Opens a page of an app, is sent to sign-in, and fills the form in; the way back must lead to the page. */
  static async start(url: string): Promise<SignedInBrowser> {
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      ],
    });
    try {
      const context = await browser.newContext();
      context.setDefaultTimeout(STEP_MS);
      const page = await context.newPage();
      await page.goto(url, { waitUntil: 'commit' });
      await page.getByLabel('Access key').first().fill(credentials.alice.accessKey);
      await page.getByLabel('Secret key').fill(credentials.alice.secretKey);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL((now) => now.href.startsWith(url), { waitUntil: 'commit' });
      await leave(page);
      return new SignedInBrowser(browser, context);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  /** Opens an app in a fresh page, and leaves the app afterwards. What the page complained of goes into a failure. */
  async visit(url: string, use: (page: Page) => Promise<void>): Promise<void> {
    const page = await this.#context.newPage();
    const complaints: string[] = [];
    const stillOpen: (() => void)[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('response', (response) => {
      if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
    });
    page.on('requestfailed', (request) =>
      complaints.push(`${request.failure()?.errorText} ${request.url()}`),
    );
    page.on('websocket', (socket) => {
      const frames = { sent: 0, received: 0 };
      const say = (what: string): void => {
        const counts = `${frames.sent} frames sent, ${frames.received} received`;
        complaints.push(`WebSocket ${what} after ${counts}: ${socket.url()}`);
      };
      socket.on('framesent', () => (frames.sent += 1));
      socket.on('framereceived', () => (frames.received += 1));
      socket.on('socketerror', (error) => say(`failed (${error})`));
      socket.on('close', () => say('closed'));
      stillOpen.push(() => {
        if (!socket.isClosed()) say('open');
      });
    });
    try {
      await page.goto(url, { waitUntil: 'commit' });
      await use(page);
    } catch (error) {
      for (const say of stillOpen) say();
      throw new Error(`${url}: the page complained of\n${complaints.join('\n')}`, { cause: error });
    } finally {
      await leave(page);
    }
  }

  stop(): Promise<void> {
    return this.#browser.close();
  }
}

/**
 * Ends what a page does, and keeps it, empty, until the browser is closed: of a page that is closed, Chromium (156) once in
 * some fifty times never says that it is gone, and `page.close()`, which knows no timeout, waits for that.
 */
async function leave(page: Page): Promise<void> {
  await page.goto('about:blank');
}
