/** Plain `pulumi up` in the checkout, by the official CLI and its language host, where these can be had. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { run } from '../../lab/command.ts';
import { forgetStack, stackEnvironment } from '../../lab/run/stack.ts';
import { WorkFolder } from '../../lab/run/work_folder.ts';
import { toolsOrSkip } from '../availability.ts';
import { REPOSITORY } from '../lab/start_process.ts';

const STACK = 'official-cli';

test('the official CLI runs the project, and shows every problem of its config', async (t) => {
  const tools = await toolsOrSkip(t);
  if (tools === undefined) return;
  if (!('path' in tools.languageHost)) {
    t.skip(`the official language host cannot be had: ${tools.languageHost.reason}`);
    return;
  }
  const folder = new WorkFolder(resolve(REPOSITORY, '.work/e2e-cli'));
  t.after(async () => {
    await forgetStack(folder);
    await rm(join(REPOSITORY, `Pulumi.${STACK}.yaml`), { force: true });
  });
  const environment = await stackEnvironment(folder, tools);
  const pulumi = (...args: string[]): Promise<string> =>
    run(tools.pulumi.path, [...args, '--non-interactive'], { cwd: REPOSITORY, environment });
  await pulumi('stack', 'init', STACK, '--secrets-provider', 'passphrase');
  await pulumi('config', 'set', '--stack', STACK, '--path', 'ingress.hostNme', 'x');
  const preview = '"$0" preview --stack "$1" --non-interactive 2>&1 || true';
  const shown = await run('bash', ['-c', preview, tools.pulumi.path, STACK], {
    cwd: REPOSITORY,
    environment,
  });
  assert.match(shown, /ingress\.hostNme: unknown key; did you mean hostName\?/);
  assert.match(shown, /clearml\.apiServerKey: missing/);
  assert.doesNotMatch(shown, /^\s+at .*:\d+:\d+\)?$/m, 'a stack trace');
});
