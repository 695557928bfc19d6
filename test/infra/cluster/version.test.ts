import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import { checkVersion, NEWEST_TRIED, parseVersion } from '../../../infra/cluster/version.ts';

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
    assert.equal(checkVersion({ major: 1, minor: 37 }), undefined);
    assert.equal(
      checkVersion({ major: 1, minor: 38 }),
      'The cluster runs Kubernetes 1.38; 1.37 is the newest that was tried with this program.',
    );
  });

  test('knows the newest that was tried as the schema of its objects and the README do', () => {
    const { major, minor } = NEWEST_TRIED;
    const root = new URL('../../../', import.meta.url);
    const schemas = readdirSync(new URL('test/infra/kubernetes_api/', root)).filter((file) =>
      file.endsWith('.json'),
    );
    assert.equal(schemas.toSorted().at(-1), `v${major}.${minor}.json`);
    const readme = readFileSync(new URL('README.md', root), 'utf8');
    assert.ok(readme.includes(`servers of Kubernetes 1.24 and ${major}.${minor}`));
  });

  test('reads the minor number of clouds', () => {
    assert.deepEqual(parseVersion('1', '29+'), { major: 1, minor: 29 });
    assert.equal(parseVersion('', ''), undefined);
  });
});
