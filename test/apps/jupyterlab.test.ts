/** JupyterLab behind the router: a notebook's cell runs in a kernel, over its WebSocket. */
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startApp } from './app_process.ts';
import { prepareApp } from './packages.ts';
import { SignedInBrowser, withoutBrowser } from './signed_in_browser.ts';
import { FORMS, TaskRouter, type AppTask, type Form } from './task_router.ts';

const { python, absent } = await prepareApp('jupyterlab');
const TOKEN = 'token-of-this-jupyter';

/** With these options Jupyter serves both forms: it learns its path, and puts it on again where the router took it off. */
const UNDER_PATH = [
  `--config=${join(import.meta.dirname, 'python', 'jupyter_server_config.py')}`,
] as const;

const SETUPS: readonly { name: string; options: readonly string[]; forms: readonly Form[] }[] = [
  { name: 'told its path', options: UNDER_PATH, forms: FORMS },
  { name: 'as it comes', options: [], forms: ['wildcard'] },
];

for (const { name, options, forms } of SETUPS) {
  describe(`JupyterLab ${name}`, { skip: absent ?? withoutBrowser() }, () => {
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
          'jupyterlab',
          ...options,
          '--no-browser',
          '--allow-root',
          '--ip=127.0.0.1',
          `--port=${task.port}`,
          `--IdentityProvider.token=${TOKEN}`,
          // Bound to loopback it answers to local names alone; on all addresses, as in a pod, it needs no such option.
          '--ServerApp.allow_remote_access=True',
        ],
        port: task.port,
        environment: { CLEARML_TASK_ID: task.id },
      });
      running.defer(() => app.stop());
      const url = task.url.path;
      browser = running.adopt(await SignedInBrowser.start(url), (started) => started.stop());
    });
    after(() => running.disposeAsync());

    for (const form of forms) {
      test(`runs a cell: ${form} form`, async () => {
        // A workspace of its own: the default one would open the other form's notebook again.
        const url = `${task.url[form]}lab/workspaces/${form}?token=${TOKEN}`;
        await browser.visit(url, async (page) => {
          await page.locator('.jp-LauncherCard[data-category="Notebook"]').first().click();
          await page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor();
          const cell = page.locator('.jp-Notebook .cm-content').first();
          const output = page.locator('.jp-OutputArea-output').getByText('42 from the kernel');
          // Until the page has joined notebook and kernel, which it does not show, it takes a cell and leaves it unexecuted.
          for (let attempt = 1; ; attempt++) {
            await cell.fill('print(6 * 7, "from the kernel")');
            await cell.press('Shift+Enter');
            try {
              await output.first().waitFor({ timeout: 5_000 });
              break;
            } catch (error) {
              if (attempt === 10) throw error;
            }
          }
        });
      });
    }
  });
}
