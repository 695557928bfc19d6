import type { Page } from 'playwright-core';
import { startApp, type AppProcess } from './app_process.ts';
import type { AppTask } from './task_router.ts';

/** Jupyter's own. */
export const JUPYTER_TOKEN = 'token-of-this-jupyter';

/** With these options Jupyter serves both forms, where its task asks that its prefix is kept. */
export function underPath({ prefix }: Pick<AppTask, 'prefix'>): readonly string[] {
  return [`--ServerApp.base_url=${prefix}/`];
}

/** Starts a JupyterLab where a task listens, or will. */
export function startJupyterLab(
  python: string,
  task: Pick<AppTask, 'id' | 'port'>,
  options: readonly string[],
): Promise<AppProcess> {
  return startApp({
    python,
    args: [
      '-m',
      'jupyterlab',
      ...options,
      '--no-browser',
      '--allow-root',
      '--ip=127.0.0.1',
      `--port=${task.port}`,
      `--IdentityProvider.token=${JUPYTER_TOKEN}`,
      // Bound to loopback it answers to local names alone; on all addresses, as in a pod, it needs no such option.
      '--ServerApp.allow_remote_access=True',
    ],
    port: task.port,
    environment: { CLEARML_TASK_ID: task.id },
  });
}

/** Opens a new notebook from the launcher, and waits for its kernel. */
export async function openNotebook(page: Page): Promise<void> {
  await page.locator('.jp-LauncherCard[data-category="Notebook"]').first().click();
  await page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').waitFor();
}

/** Runs code in the first cell of an open notebook until it has printed a text. */
export async function runFirstCell(page: Page, code: string, printed: string): Promise<void> {
  const cell = page.locator('.jp-Notebook .cm-content').first();
  const output = page.locator('.jp-OutputArea-output').getByText(printed);
  // Until the page has joined notebook and kernel, which it does not show, it takes a cell and leaves it unexecuted.
  for (let attempt = 1; ; attempt++) {
    await cell.fill(code);
    await cell.press('Shift+Enter');
    try {
      await output.first().waitFor({ timeout: 5_000 });
      return;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}
