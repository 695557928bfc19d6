import assert from 'node:assert/strict';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/** 320 px: WCAG 2.1, 1.4.10. A window of 1280 px at 200 % is one of 640 (1.4.4). In 740 px a table has the least room for its columns. */
const WIDTHS = [320, 640, 740, 1280];

/** The most pixels by which the content of the window, or of a box that cuts it off, is wider than that. */
const TOO_WIDE = `Math.max(document.documentElement.scrollWidth - innerWidth,
  ...[...document.querySelectorAll('.rows')].map((box) => box.scrollWidth - box.clientWidth))`;

/** Buttons of tables whose words go over several lines: their column has too little room. */
const SQUEEZED = `[...document.querySelectorAll('td button')].filter((button) =>
  button.clientHeight > 2 * parseFloat(getComputedStyle(button).fontSize) + 16).length`;

/**
 * A page as it stands, also one that a form led to: nothing wider than the window or squeezed, and nothing that axe finds, in light and in dark.
 * Asked past the page, so that its Content-Security-Policy holds meanwhile.
 *
 * @throws AssertionError with the rules that are broken and the elements that break them.
 */
export async function withoutFindings(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const ask = async (expression: string): Promise<unknown> => {
    const how = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await session.send('Runtime.evaluate', how);
    assert.equal(exceptionDetails, undefined);
    return result.value;
  };
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const tooWide = Number(await ask(TOO_WIDE));
    assert.ok(tooWide <= 0, `${tooWide} px too wide for a window of ${width}: ${page.url()}`);
    assert.equal(await ask(SQUEEZED), 0, `squeezed in a window of ${width}: ${page.url()}`);
  }
  await ask(`${axe.source}; undefined`);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = (await ask('axe.run()')) as AxeResults;
    const found = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
    assert.deepEqual(found, [], `${page.url()} in ${colorScheme}`);
  }
  await session.detach();
}
