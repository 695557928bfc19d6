/** JupyterLab behind the router: a notebook's cell runs in a kernel, over its WebSocket. */
import { after, before, describe, test } from 'node:test';
import {
  JUPYTER_TOKEN,
  openNotebook,
  runFirstCell,
  startJupyterLab,
  underPath,
} from './jupyterlab.ts';
import { prepareApp } from './packages.ts';
import { SignedInBrowser, withoutBrowser } from './signed_in_browser.ts';
import { FORMS, TaskRouter, type AppTask, type Form } from './task_router.ts';

const { python, absent } = await prepareApp('jupyterlab');
const SETUPS: readonly { name: string; keeps: boolean; forms: readonly Form[] }[] = [
  { name: 'told its path, which is kept', keeps: true, forms: FORMS },
  { name: 'as it comes', keeps: false, forms: ['wildcard'] },
];

for (const { name, keeps, forms } of SETUPS) {
  describe(`JupyterLab ${name}`, { skip: absent ?? withoutBrowser() }, () => {
    const running = new AsyncDisposableStack();
    let task: AppTask;
    let browser: SignedInBrowser;

    before(async () => {
      const router = running.adopt(await TaskRouter.start(), (started) => started.stop());
      task = await router.addApp(undefined, {
        runtime: keeps ? { router_keep_prefix: 'true' } : {},
      });
      const app = await startJupyterLab(python, task, keeps ? underPath(task) : []);
      running.defer(() => app.stop());
      const url = task.url.path;
      browser = running.adopt(await SignedInBrowser.start(url), (started) => started.stop());
    });
    after(() => running.disposeAsync());

    for (const form of forms) {
      test(`runs a cell: ${form} form`, async () => {
        // A workspace of its own: the default one would open the other form's notebook again.
        const url = `${task.url[form]}lab/workspaces/${form}?token=${JUPYTER_TOKEN}`;
        await browser.visit(url, async (page) => {
          await openNotebook(page);
          await runFirstCell(page, 'print(6 * 7, "from the kernel")', '42 from the kernel');
        });
      });
    }
  });
}
