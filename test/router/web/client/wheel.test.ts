import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { clientWheel } from '../../../../router/web/client/client_wheel.ts';
import { writeWheel } from '../../../../router/web/client/wheel.ts';
import { VERSION } from '../../../../router/version.ts';

/** Offset and size of each entry by its path, read from the directory as an unzip does. */
function entriesOf(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const end = bytes.length - 22;
  assert.equal(bytes.toString('latin1', end, end + 4), 'PK\u0005\u0006');
  const entries = new Map<string, Buffer>();
  let at = bytes.readUInt32LE(end + 16);
  for (let count = bytes.readUInt16LE(end + 10); count > 0; count -= 1) {
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength);
    const local = bytes.readUInt32LE(at + 42);
    const start = local + 30 + bytes.readUInt16LE(local + 26);
    entries.set(name, bytes.subarray(start, start + bytes.readUInt32LE(at + 24)));
    at += 46 + nameLength;
  }
  assert.equal(at, end);
  return entries;
}

test('the same sources give the same bytes, in whatever order they come', () => {
  const one = writeWheel({ 'b.py': 'B = 1\n', 'a.py': '' }, '1.2.3');
  const other = writeWheel({ 'a.py': '', 'b.py': 'B = 1\n' }, '1.2.3');
  assert.equal(one.file, 'task_router-1.2.3-py3-none-any.whl');
  assert.ok(one.bytes.equals(other.bytes));
  // Of this very archive: no clock, no machine and no version of zlib is in it.
  assert.equal(
    createHash('sha256').update(one.bytes).digest('hex'),
    'c804df5d942733b98d1291a349e8533fd61899fa37df8316c14591ac6d614947',
  );
});

test('RECORD names each file with its hash and size', () => {
  const { bytes } = writeWheel({ 'a.py': 'A = 1\n' }, '1.2.3');
  const entries = entriesOf(bytes);
  const info = 'task_router-1.2.3.dist-info';
  assert.deepEqual(
    [...entries.keys()],
    [
      'task_router/a.py',
      `${info}/METADATA`,
      `${info}/WHEEL`,
      `${info}/entry_points.txt`,
      `${info}/RECORD`,
    ],
  );
  const lines = (entries.get(`${info}/RECORD`)?.toString() ?? '').trimEnd().split('\n');
  const expected = [...entries].slice(0, -1).map(([path, data]) => {
    const hash = createHash('sha256').update(data).digest('base64url');
    return `${path},sha256=${hash},${data.length}`;
  });
  assert.deepEqual(lines, [...expected, `${info}/RECORD,,`]);
});

test('the package is of the router’s version, small, and of ASCII alone', () => {
  const { file, bytes } = clientWheel(VERSION);
  assert.equal(file, `task_router-${VERSION}-py3-none-any.whl`);
  assert.ok(bytes.length < 150_000, `${bytes.length} bytes`);
  const entries = entriesOf(bytes);
  assert.ok(entries.has('task_router/__init__.py'));
  assert.ok(entries.has('task_router/py.typed'));
  assert.ok(entries.has('task_router/_command/main.py'));
  for (const [path, data] of entries) {
    assert.ok(!/[^\u0000-\u007f]/.test(data.toString('latin1')), path);
  }
});
