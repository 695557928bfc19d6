/** TensorBoard behind the router: it shows a scalar. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { run } from '../lab/command.ts';
import { startApp } from './app_process.ts';
import { prepareApp } from './packages.ts';
import { SignedInBrowser, withoutBrowser } from './signed_in_browser.ts';
import { FORMS, TaskRouter, type AppTask } from './task_router.ts';

const { python, absent } = await prepareApp('tensorboard');

describe('TensorBoard', { skip: absent ?? withoutBrowser() }, () => {
  const logs = mkdtempSync(join(tmpdir(), 'router-scalars-'));
  const running = new AsyncDisposableStack();
  let task: AppTask;
  let browser: SignedInBrowser;

  before(async () => {
    const router = running.adopt(await TaskRouter.start(), (started) => started.stop());
    task = await router.addApp();
    await run(python, [join(import.meta.dirname, 'python', 'write_scalars.py'), logs]);
    const app = await startApp({
      python,
      args: ['-m', 'tensorboard.main', `--logdir=${logs}`, `--port=${task.port}`],
      port: task.port,
    });
    running.defer(() => app.stop());
    browser = running.adopt(await SignedInBrowser.start(task.url.path), (started) =>
      started.stop(),
    );
  });
  after(async () => {
    await running.disposeAsync();
    rmSync(logs, { recursive: true });
  });

  for (const form of FORMS) {
    test(`shows a scalar: ${form} form`, async () => {
      await browser.visit(task.url[form], async (page) => {
        const card = page.locator('scalar-card').first();
        await card.getByText('loss').first().waitFor();
        // The value at the last step, in the table under the chart.
        assert.match(await card.locator('scalar-card-data-table').innerText(), /\b42\b/);
      });
    });
  }
});
