import assert from 'node:assert/strict';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Credentials } from '../../lab/clearml/records.ts';

/** More than any page of these tests has to tab through. */
const MOST_TABS = 60;

const OUTLINE = 'getComputedStyle(document.activeElement).outlineStyle';

/** Somebody at a browser of their own, without a mouse. */
export interface Person {
  readonly page: Page;
  /** What the browser complained about so far, but for statuses, which are meant. */
  readonly complaints: readonly string[];
  /** Tabs to what is on the page, from where the focus is, which has to be in sight at the end. */
  readonly tabTo: (wanted: Locator) => Promise<void>;
  /** Tabs to a field and types into it. */
  readonly type: (label: string, text: string) => Promise<void>;
  /** Tabs to a link or a button, and presses Enter. */
  readonly press: (role: 'link' | 'button', name: string | RegExp) => Promise<void>;
  /** Types access key and secret key, and presses Enter. */
  readonly typeKeys: (keys: Credentials) => Promise<void>;
  /** Signs in at a router's own page, and comes to the list of endpoints. */
  readonly signIn: (origin: string, keys: Credentials) => Promise<void>;
  /** Status of the page at this address. */
  readonly visit: (url: string) => Promise<number | undefined>;
}

/** Somebody whom no site knows yet. */
export async function personAt(browser: Browser): Promise<Person> {
  const page = await (await browser.newContext({ reducedMotion: 'reduce' })).newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));

  const tabTo = async (wanted: Locator): Promise<void> => {
    await wanted.waitFor();
    for (let tabs = 0; tabs < MOST_TABS; tabs += 1) {
      if (await wanted.evaluate((element) => element.matches(':focus'))) {
        const outline = await page.evaluate<string>(OUTLINE);
        assert.equal(outline, 'solid', `the focus at ${String(wanted)} is out of sight`);
        return;
      }
      await page.keyboard.press('Tab');
    }
    assert.fail(`${MOST_TABS} tabs do not lead to ${String(wanted)} on ${page.url()}`);
  };
  const type = async (label: string, text: string): Promise<void> => {
    await tabTo(page.getByLabel(label, { exact: true }));
    await page.keyboard.type(text);
  };
  const typeKeys = async ({ accessKey, secretKey }: Credentials): Promise<void> => {
    await type('Access key', accessKey);
    await type('Secret key', secretKey);
    await page.keyboard.press('Enter');
  };
  return {
    page,
    complaints,
    tabTo,
    type,
    press: async (role, name) => {
      await tabTo(page.getByRole(role, { name, exact: true }));
      await page.keyboard.press('Enter');
    },
    typeKeys,
    signIn: async (origin, keys) => {
      await page.goto(origin);
      await typeKeys(keys);
      await page.waitForURL(`${origin}/`);
    },
    visit: async (url) => (await page.goto(url))?.status(),
  };
}
