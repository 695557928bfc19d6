import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { checkVersion, parseVersion } from '../../../infra/cluster/version.ts';

suite('version gate', () => {
  test('stops below 1.21', () => {
    assert.throws(() => checkVersion({ major: 1, minor: 20 }), {
      code: 'cluster-too-old',
      message:
        'The cluster runs Kubernetes 1.20; 1.21 is the oldest that has what the router needs. Nothing was changed.',
    });
  });

  test('is silent from 1.21 to the newest that was tried, and warns above', () => {
    assert.equal(checkVersion({ major: 1, minor: 21 }), undefined);
    assert.equal(checkVersion({ major: 1, minor: 35 }), undefined);
    assert.match(checkVersion({ major: 1, minor: 36 }) ?? '', /1\.36; 1\.35 is the newest/);
  });

  test('reads the minor number of clouds', () => {
    assert.deepEqual(parseVersion('1', '29+'), { major: 1, minor: 29 });
    assert.equal(parseVersion('', ''), undefined);
  });
});
