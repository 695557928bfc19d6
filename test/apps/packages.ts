import { preparePython } from '../lab/tasks/python_environment.ts';

/** What each app needs from PyPI. The first package is the app itself. */
const PACKAGES = {
  jupyterlab: { jupyterlab: '4.6.6', ipykernel: '7.4.0' },
  streamlit: { streamlit: '1.67.0' },
  gradio: { gradio: '6.31.0' },
  // TensorBoard imports pkg_resources, which left setuptools with version 82.
  tensorboard: { tensorboard: '2.21.0', setuptools: '80.9.0' },
  openai: { openai: '3.54.0' },
  // What tests and checks the package of router/client.
  task_router: {
    clearml: '2.1.12',
    websockets: '17.4',
    pytest: '9.2.0',
    mypy: '2.4.1',
    ruff: '0.17.6',
  },
} as const;

export type App = keyof typeof PACKAGES;

/** The Python that an app runs in, installed on first use, or why there is none. In CI, where it has to be had, that is an error. */
export async function prepareApp(
  name: App,
): Promise<{ readonly python: string; readonly absent: string | undefined }> {
  const found = await preparePython(
    { name, title: name, packages: PACKAGES[name], oldestPython: [3, 10] },
    (title, detail) => console.log(`# ${title}: ${detail}`),
  );
  if (!('absent' in found)) return { python: found.python, absent: undefined };
  if (process.env['CI'] === 'true') throw new Error(`not to be skipped in CI: ${found.absent}`);
  return { python: '', absent: found.absent };
}
