import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { suite, test } from 'node:test';

import { ROOT } from '../../../infra/project.ts';
import { smallest } from '../stacks.ts';

const NOBODY = 'http://127.0.0.1:1';

/** A cluster, a ClearML server and a router that nobody answers for. */
const config = {
  ...smallest,
  clearml: { ...smallest.clearml, apiServerUrlReference: NOBODY },
  ingress: { hostName: NOBODY },
  kubernetes: {
    kubeconfig: JSON.stringify({
      'current-context': 'here',
      clusters: [{ name: 'here', cluster: { server: NOBODY } }],
      users: [{ name: 'me', user: {} }],
      contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
    }),
  },
};

suite('a command that looks at a stack', () => {
  test('asks the CLI for it by the name that it was given, with its organisation', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'ttr-command-'));
    t.after(() => {
      rmSync(folder, { recursive: true });
    });
    const calls = join(folder, 'calls');
    const values = Object.entries(config).map(([key, value]) => [
      `task-traffic-router:${key}`,
      { value: JSON.stringify(value), secret: true },
    ]);
    writeFileSync(join(folder, 'config'), JSON.stringify(Object.fromEntries(values)));
    const cli = `#!/bin/sh\necho "$@" >>'${calls}'\ncase $1 in config) cat '${folder}/config';; *) echo '{"deployment":{}}';; esac\n`;
    writeFileSync(join(folder, 'pulumi'), cli, { mode: 0o755 });
    const stack = 'acme/task-traffic-router/prod';
    const args = [join(ROOT, 'infra/checks/verify/main.ts'), '--stack', stack];
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
    const { stderr, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    assert.match(stdout, /✔ state: the cluster holds all 0 objects of it/, stderr);
    assert.deepEqual(readFileSync(calls, 'utf8').trim().split('\n'), [
      `config --json --show-secrets --stack ${stack}`,
      `stack export --stack ${stack}`,
    ]);
  });
});
