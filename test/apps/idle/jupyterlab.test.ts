/** A JupyterLab whose tab somebody left open, for a router that stops idle tasks: what it does by itself, its kernel, and somebody who comes back. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { eventually } from '../../support/installation.ts';
import { freePort } from '../../lab/free_port.ts';
import { SHORT_TIMES } from '../../support/short_times/path.ts';
import {
  JUPYTER_TOKEN,
  openNotebook,
  runFirstCell,
  startJupyterLab,
  underPath,
} from '../jupyterlab.ts';
import { prepareApp } from '../packages.ts';
import { SignedInBrowser, withoutBrowser } from '../signed_in_browser.ts';
import { newTaskId, TaskRouter, type AppTask } from '../task_router.ts';
import { quiet, usedSince } from './quiet.ts';

const { python, absent } = await prepareApp('jupyterlab');

/** Seconds: longer than the ten that pass between two polls of an open tab, so that none of them may count as a use. */
const AFTER = 15;
/** Longest that the end of the task is waited for. The page saves a notebook that was changed after two minutes. Milliseconds. */
const STOPPED_WITHIN = 200_000;
/** A step in a page, on a busy machine. Milliseconds. */
const STEP_MS = 120_000;

describe('a JupyterLab in an open tab', { skip: absent ?? withoutBrowser() }, () => {
  const running = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'router-busy-'));
  const begun = join(folder, 'begun');
  const done = join(folder, 'done');
  let router: TaskRouter;
  let task: AppTask;
  let browser: SignedInBrowser;
  let keepUsed: NodeJS.Timeout | undefined;

  before(async () => {
    const IDLE_POLICY = JSON.stringify({ after: AFTER, warning: 5, types: ['application'] });
    router = running.adopt(
      await TaskRouter.start({ IDLE_POLICY, OVERLOAD_DELAY_SECONDS: '0' }, [
        '--import',
        SHORT_TIMES,
      ]),
      (started) => started.stop(),
    );
    // The app is there before its task is: on a busy machine it takes longer to start than it may be idle.
    const [id, port] = [newTaskId(), await freePort()];
    const app = await startJupyterLab(
      python,
      { id, port },
      underPath({ prefix: `/service/${id}` }),
    );
    running.defer(() => app.stop());
    // Its agent is told to stop it, and here it goes on.
    const more = { last_worker: 'worker' };
    task = await router.addApp(port, {
      id,
      runtime: { _jupyter_token: JUPYTER_TOKEN, router_keep_prefix: 'true' },
      more,
    });
    keepUsed = setInterval(() => void router.use(task), 1_000);
    const url = task.url.path;
    browser = running.adopt(await SignedInBrowser.start(url), (started) => started.stop());
  });
  after(async () => {
    clearInterval(keepUsed);
    await running.disposeAsync();
    rmSync(folder, { recursive: true });
  });

  const lastUse = (): Promise<number | null> => router.lastUse(task);
  const stops = () => router.clearml.calls.entries({ call: 'tasks.stop' });
  /** Once in about ten seconds the page saves how it looks. */
  const saved = (page: Page) =>
    page.waitForResponse(
      (answer) =>
        answer.request().method() === 'PUT' && answer.url().includes('/lab/api/workspaces/'),
    );

  /** Runs code in the last cell, whose page and kernel have met. */
  async function run(page: Page, lines: readonly string[]): Promise<void> {
    const cell = page.locator('.jp-Notebook .cm-content').last();
    await cell.fill(lines.join('\n'));
    await cell.press('Shift+Enter');
  }

  test('its polls are no use, a busy kernel keeps it, and once that is done it is stopped', async () => {
    const url = `${task.url.path}lab?token=${JUPYTER_TOKEN}`;
    await browser.visit(url, async (page) => {
      page.setDefaultTimeout(STEP_MS);
      await openNotebook(page);
      await runFirstCell(page, 'print(6 * 7, "from the kernel")', '42 from the kernel');
      // From here on nobody but the page is there.
      clearInterval(keepUsed);
      const ranAt = Date.now();
      await run(page, [
        'import os, pathlib, time',
        `pathlib.Path(${JSON.stringify(begun)}).touch()`,
        `while not os.path.exists(${JSON.stringify(done)}): time.sleep(0.1)`,
      ]);
      await eventually(() => existsSync(begun), 'the busy cell', STEP_MS);
      await usedSince(lastUse, ranAt);

      const left = await quiet(lastUse, () => saved(page));
      assert.ok(Date.now() - left > 1_000 * AFTER, 'three polls take longer');
      // The router asks twice more what the kernel does, and finds it at work.
      for (let asked = 0; asked < 2; asked++) {
        await router.clearml.calls.next(
          { call: 'events.get_task_log' },
          AbortSignal.timeout(STEP_MS),
        );
      }
      assert.equal(stops().length, 0);

      const doneAt = Date.now();
      writeFileSync(done, '');
      await page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor();
      await eventually(() => stops().length > 0, 'the end of the task', STOPPED_WITHIN);
      const [stop] = stops();
      assert.ok(stop !== undefined && stop.at >= doneAt + 1_000 * AFTER);
      assert.equal(router.clearml.state.task(task.id)?.['status_message'], 'stopping');

      // Somebody comes back.
      const cameAt = Date.now();
      await run(page, ['print(6 * 8, "once more")']);
      await page.locator('.jp-OutputArea-output').getByText('48 once more').waitFor();
      await usedSince(lastUse, cameAt);
    });
    assert.equal(stops().length, 1);
  });
});
