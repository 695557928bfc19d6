/** Every `pulumi config set` of the texts, run as it stands by the CLI itself in a stack of its own. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';

import { setCommands } from '../../infra/set_commands.ts';
import { run } from '../../lab/command.ts';
import { toolsOrSkip } from '../availability.ts';
import { REPOSITORY } from '../lab/start_process.ts';

test('the CLI takes every line, and keeps a value in quotes until it is removed', async (t) => {
  const tools = await toolsOrSkip(t);
  if (tools === undefined) return;
  const folder = await mkdtemp(join(tmpdir(), 'set-commands-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'state'));
  await copyFile(join(REPOSITORY, 'Pulumi.yaml'), join(folder, 'Pulumi.yaml'));
  const environment = {
    PULUMI_HOME: join(folder, 'home'),
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
    PULUMI_CONFIG_PASSPHRASE: 'a passphrase',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PATH: [dirname(tools.pulumi.path), process.env['PATH'] ?? ''].join(delimiter),
  };
  const shell = (script: string): Promise<string> =>
    run('bash', ['-euo', 'pipefail', '-c', script], { cwd: folder, environment });
  await shell('pulumi stack init prod --non-interactive');

  for (const line of new Set(setCommands().map((command) => command.line))) {
    await t.test(line, async () => {
      await shell(`echo a-value-that-the-CLI-asks-for | ${line}`);
    });
  }

  await t.test('a name of a Secret is taken for a secret without --plaintext', async () => {
    const set = 'pulumi config set --path ingress.tlsSecretName tasks-example-com-tls';
    await assert.rejects(shell(set), /looks like a secret/);
  });

  await t.test('a value in quotes stays a text until it is removed', async () => {
    const type = async (): Promise<string> =>
      (await shell('cat Pulumi.prod.yaml')).match(/sslVerify: .*/)?.[0] ?? '';
    const set = 'pulumi config set --type bool --path clearml.sslVerify true';
    await shell(`pulumi config set --type string --path clearml.sslVerify true`);
    assert.equal(await type(), 'sslVerify: "true"');
    await shell(set);
    assert.equal(await type(), 'sslVerify: "true"');
    await shell(`pulumi config rm --path clearml.sslVerify && ${set}`);
    assert.equal(await type(), 'sslVerify: true');
  });
});
