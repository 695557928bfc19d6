import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { StackFile } from '../../../infra/config/reading/stack_file.ts';
import { smallest } from '../stacks.ts';
import { problems } from './problems_of.ts';
import { wrongConfigs } from './wrong_configs.ts';

const { clearml } = smallest;

suite('readConfig', () => {
  for (const { name, config, expected } of wrongConfigs) {
    test(`tells of ${name}`, () => {
      assert.deepEqual(problems(config), expected);
    });
  }

  test('accepts the least that a stack has to say', () => {
    assert.deepEqual(problems(smallest), []);
  });

  test('takes links for guests that are kept in a file', () => {
    const config = {
      ...smallest,
      router: { access: { guests: true } },
      availability: { leaderElection: false },
      pod: { env: { STATE_FILE: '/state/state.json' } },
    };
    assert.deepEqual(problems(config), []);
  });

  test('demands that secrets are stored encrypted, and names the command', () => {
    const [first] = problems(smallest, undefined, false);
    assert.equal(
      first,
      'clearml.apiServerKey: stored in plain text; replace the value at its source, since it was readable, ' +
        'and encrypt it: pulumi config set --secret --path clearml.apiServerKey',
    );
  });

  test('finds one plain secret among encrypted ones, which Pulumi itself cannot tell apart', () => {
    const file: StackFile = {
      stack: 'dev',
      path: 'Pulumi.dev.yaml',
      config: {
        clearml: {
          apiServerKey: { secure: 'v1:abc' },
          apiServerSecret: 'SECRET-secret-key',
          jwksKey: { secure: 'v1:def' },
        },
      },
    };
    assert.deepEqual(problems(smallest, file), [
      'clearml.apiServerSecret: stored in plain text in Pulumi.dev.yaml; replace the value at its source, since it ' +
        'was readable, and encrypt it: pulumi config set --secret --path clearml.apiServerSecret',
    ]);
  });

  test('knows no key that every object of JavaScript has', () => {
    for (const key of ['constructor', 'toString', '__proto__']) {
      const inside = Object.fromEntries([[key, 1]]);
      const pod = JSON.parse(`{"${key}": 1}`) as object;
      const [first = '', second = '', ...more] = problems({ ...smallest, ...inside, pod });
      assert.match(`${first}\n${second}`, new RegExp(`^${key}: unknown key`, 'm'));
      assert.match(`${first}\n${second}`, new RegExp(`^pod.${key}: unknown key`, 'm'));
      assert.deepEqual(more, []);
    }
  });

  test('accepts a section that is encrypted as a whole', () => {
    const file: StackFile = {
      stack: 'dev',
      path: 'Pulumi.dev.yaml',
      config: { clearml: { secure: 'v1:abc' } },
    };
    assert.deepEqual(problems(smallest, file), []);
  });

  test('never quotes a secret', () => {
    const wrong = { ...clearml, apiServerSecret: 'SECRET', jwksKey: 7, extra: 'SECRET' };
    assert.doesNotMatch(
      problems({ ...smallest, clearml: wrong }, undefined, false).join(),
      /SECRET/,
    );
  });
});
