/** The Python package: installed by pip from a router that runs from its bundle, checked, and used with the real SDK. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { bundleRouter } from '../../../infra/bundle/bundle.ts';
import { clientWheel } from '../../../router/web/client/client_wheel.ts';
import { VERSION } from '../../../router/version.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { startClearMl, type ClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';
import { prepareApp } from '../packages.ts';

const { python, absent } = await prepareApp('task_router');
const SOURCES = fileURLToPath(new URL('../../../router/client/', import.meta.url));

describe('the Python package', { skip: absent ?? false }, () => {
  const running = new AsyncDisposableStack();
  let folder: string;
  let clearml: ClearMl;
  let routerUrl: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'task-router-'));
    running.defer(() => rm(folder, { recursive: true }));
    clearml = running.adopt(await startClearMl(), (started) => started.stop());
    const program = join(folder, 'router.cjs');
    await writeFile(program, await bundleRouter());
    const port = await freePort();
    routerUrl = `http://127.0.0.1:${port}`;
    const settings = {
      ...settingsFor(clearml),
      ROUTER_URL: routerUrl,
      HTTP_PORT: String(port),
      TCP_ROUTER_ADDRESS: '127.0.0.1',
      TCP_PORT_START: '31850',
      TCP_PORT_END: '31859',
    };
    const router = running.adopt(await startRouterProcess(settings, { program }), (started) =>
      started.stop().then(() => undefined),
    );
    await router.readyz(200);
    // From here the tests are part of no repository, which the SDK would look for and describe in the task.
    await cp(import.meta.dirname, join(folder, 'tests'), { recursive: true });
    await cp(join(SOURCES, 'pyproject.toml'), join(folder, 'tests', 'pyproject.toml'));
  });
  after(() => running.disposeAsync());

  /** Runs a module of the environment among the tests, beside the package that pip installed; fails with all that it says. */
  const python3 = (server: ClearMl, ...args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const environment = {
        PATH: process.env['PATH'],
        ROUTER_URL: routerUrl,
        HOME: folder,
        PYTHONPATH: join(folder, 'installed'),
        MYPYPATH: join(folder, 'installed'),
        PYTHONDONTWRITEBYTECODE: '1',
        CLEARML_CONFIG_FILE: join(folder, 'clearml.conf'),
        CLEARML_CACHE_DIR: join(folder, 'cache'),
        CLEARML_API_HOST: server.url,
        CLEARML_WEB_HOST: server.url,
        CLEARML_FILES_HOST: server.url,
        CLEARML_API_ACCESS_KEY: credentials.alice.accessKey,
        CLEARML_API_SECRET_KEY: credentials.alice.secretKey,
        CLEARML_AGENT_HOST_IP: '127.0.0.1',
        CLEARML_SUPPRESS_UPDATE_MESSAGE: '1',
      };
      const options = { cwd: join(folder, 'tests'), env: environment, timeout: 200_000 };
      execFile(python, ['-m', ...args], options, (error, said, complained) => {
        if (error === null) resolve(said);
        else reject(new Error(`${args.join(' ')}:\n${said}${complained}`));
      });
    });

  test('is installed by pip from the router', async () => {
    const { file, bytes } = clientWheel(VERSION);
    const url = `${routerUrl}/client/${file}`;
    const answer = await fetch(url);
    assert.ok(bytes.equals(Buffer.from(await answer.arrayBuffer())), 'another wheel');
    const target = ['--no-deps', '--disable-pip-version-check', '--target'];
    await python3(clearml, 'pip', 'install', ...target, join(folder, 'installed'), url);
    const command = join(folder, 'installed', 'bin', 'task-router');
    const env = { PYTHONPATH: join(folder, 'installed'), HOME: folder };
    const { stdout } = await promisify(execFile)(command, ['--version'], { env });
    assert.equal(stdout, `task-router ${VERSION}\n`);
  });

  test('has strict types, as its tests have', async () => {
    const paths = [join(folder, 'installed', 'task_router'), '.'];
    await python3(clearml, 'mypy', '--cache-dir', join(folder, 'mypy'), ...paths);
  });

  test('is linted and formatted, as its tests are', async () => {
    const paths = [join(SOURCES, 'task_router'), '.'];
    const config = ['--no-cache', '--config', join(SOURCES, 'pyproject.toml')];
    await python3(clearml, 'ruff', 'check', ...config, ...paths);
    await python3(clearml, 'ruff', 'format', '--check', ...config, ...paths);
  });

  test('exposes ports of a task of an open-source server', async () => {
    console.log(await python3(clearml, 'pytest'));
  });

  test('writes what the SDK writes on an enterprise server', async () => {
    await using enterprise = await startEnterprise();
    console.log(await python3(enterprise.clearml, 'pytest', 'check_enterprise.py'));
  });
});

async function startEnterprise() {
  const clearml = await startClearMl({ edition: 'enterprise' });
  return { clearml, [Symbol.asyncDispose]: () => clearml.stop() };
}
