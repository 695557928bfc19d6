import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingError } from './prerequisites.ts';

test('all that is missing is listed with its remedies, and the way round it', () => {
  const error = missingError(
    [
      { what: 'root', remedy: 'Run it as root.' },
      { what: 'Go', remedy: 'Install Go.' },
    ],
    true,
  );
  assert.equal(error.code, 'PREREQUISITES_MISSING');
  assert.equal(
    error.message,
    `2 things are missing:
  - root
    Run it as root.
  - Go
    Install Go.
Or use a cluster of your own, which needs none of root, Linux and system packages: npm start -- --context NAME`,
  );
});

test('who uses a cluster of their own is not told to', () => {
  assert.equal(
    missingError([{ what: 'Pulumi', remedy: 'Install it.' }], false).message,
    'One thing is missing:\n  - Pulumi\n    Install it.',
  );
});
