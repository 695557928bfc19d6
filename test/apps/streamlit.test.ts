/** Streamlit behind the router: it reacts to a click, over its WebSocket. */
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startApp } from './app_process.ts';
import { prepareApp } from './packages.ts';
import { SignedInBrowser, withoutBrowser } from './signed_in_browser.ts';
import { FORMS, TaskRouter, type AppTask } from './task_router.ts';

const { python, absent } = await prepareApp('streamlit');

describe('Streamlit', { skip: absent ?? withoutBrowser() }, () => {
  const running = new AsyncDisposableStack();
  let task: AppTask;
  let browser: SignedInBrowser;

  before(async () => {
    const router = running.adopt(await TaskRouter.start(), (started) => started.stop());
    task = await router.addApp();
    const app = await startApp({
      python,
      args: [
        '-m',
        'streamlit',
        'run',
        join(import.meta.dirname, 'python', 'streamlit_app.py'),
        '--server.headless=true',
        '--server.address=127.0.0.1',
        `--server.port=${task.port}`,
        '--browser.gatherUsageStats=false',
      ],
      port: task.port,
    });
    running.defer(() => app.stop());
    const url = task.url.path;
    browser = running.adopt(await SignedInBrowser.start(url), (started) => started.stop());
  });
  after(() => running.disposeAsync());

  for (const form of FORMS) {
    test(`counts clicks: ${form} form`, async () => {
      await browser.visit(task.url[form], async (page) => {
        for (const count of [0, 1, 2]) {
          await page.getByText(`Clicked ${count} times`).waitFor();
          await page.getByRole('button', { name: 'Count' }).click();
        }
      });
    });
  }
});
