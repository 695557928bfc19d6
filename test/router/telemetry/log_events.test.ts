import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Events that are written under a name that the source holds beside `event`. */
const INDIRECT = [
  'overload',
  'overload_ended',
  'device_code_wrong',
  'device_refused',
  'device_token_issued',
  'device_token_revoked',
  'endpoint_token_issued',
  'endpoint_token_revoked',
  'grant_given',
  'grant_revoked',
  'endpoint_asked',
  'endpoint_withdrawn',
];

test('every log event is named in one style, and listed for operators', () => {
  const source = globSync(`${root}router/**/*.ts`).map((file) => readFileSync(file, 'utf8'));
  const written = new Set([
    ...source.flatMap((text) =>
      [...text.matchAll(/event: '([^']+)'/g)].map(([, name]) => String(name)),
    ),
    ...INDIRECT,
  ]);
  const text = readFileSync(`${root}infra/operations/log_events.md`, 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const listed = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)]);
  assert.deepEqual(written, new Set(listed.map(([, name]) => String(name))));
  assert.equal(listed.length, written.size);
  for (const name of written) assert.match(name, /^[a-z]+(?:_[a-z]+)*$/);
});
