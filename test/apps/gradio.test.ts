/** Gradio behind the router: it reacts to a click, whose result comes as a server-sent event. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startApp } from './app_process.ts';
import { prepareApp } from './packages.ts';
import { SignedInBrowser, withoutBrowser } from './signed_in_browser.ts';
import { FORMS, TaskRouter, type AppTask } from './task_router.ts';

const { python, absent } = await prepareApp('gradio');

describe('Gradio', { skip: absent ?? withoutBrowser() }, () => {
  const running = new AsyncDisposableStack();
  let task: AppTask;
  let browser: SignedInBrowser;

  before(async () => {
    const router = running.adopt(await TaskRouter.start(), (started) => started.stop());
    task = await router.addApp();
    const app = await startApp({
      python,
      args: [join(import.meta.dirname, 'python', 'gradio_app.py')],
      port: task.port,
      environment: {
        PORT: String(task.port),
        ENDPOINT: task.url.path,
        GRADIO_ANALYTICS_ENABLED: 'False',
      },
    });
    running.defer(() => app.stop());
    const url = task.url.path;
    browser = running.adopt(await SignedInBrowser.start(url), (started) => started.stop());
  });
  after(() => running.disposeAsync());

  for (const form of FORMS) {
    test(`greets: ${form} form`, async () => {
      await browser.visit(task.url[form], async (page) => {
        await page.getByLabel('Name').fill(form);
        await page.getByRole('button', { name: 'Greet' }).click();
        const greeting = page.getByLabel('Greeting');
        await page.waitForFunction('document.querySelectorAll("textarea")[1]?.value');
        assert.equal(await greeting.inputValue(), `Hello ${form}!`);
      });
    });
  }
});
