import assert from 'node:assert/strict';
import { test } from 'node:test';

import { buildProgress } from './build_progress.ts';

test('a build tells what is done of what, and what is left, without names of packages', () => {
  let clock = 0;
  const progress = buildProgress(() => clock);
  assert.equal(progress.line('go: finding what is needed'), 'looking for its source');
  assert.equal(
    progress.line('go: downloading github.com/gogo/protobuf v1.3.2'),
    'modules of its source fetched: 1',
  );
  assert.equal(progress.compiling(20), '0 of 20 packages compiled');
  clock = 30_000;
  assert.equal(progress.line('internal/cpu'), '1 of 20 packages compiled');
  clock = 60_000;
  assert.equal(
    progress.line('github.com/gogo/protobuf/io'),
    '2 of 20 packages compiled, about 9 min left',
  );
  clock = 100_000;
  for (let i = 3; i < 20; i += 1) progress.line(`k8s.io/api/v${i}`);
  assert.equal(
    progress.line('k8s.io/kubernetes/cmd/kubelet'),
    '20 of 20 packages compiled, linking',
  );
});

test('what Go says beside names counts for nothing', () => {
  const progress = buildProgress(() => 0);
  progress.compiling(2);
  assert.equal(progress.line('# k8s.io/api'), '0 of 2 packages compiled');
  assert.equal(progress.line('file.go:3:1: undefined: x'), '0 of 2 packages compiled');
});
