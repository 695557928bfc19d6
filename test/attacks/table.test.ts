import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('../', import.meta.url);

/** Rows of the table: their numbers, and the files that are said to test them. */
const rows = new Map(
  readFileSync(new URL('attacks/README.md', ROOT), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      const row = /^A([0-9]+)$/.exec(cells[1] ?? '')?.[1];
      const files = [...(cells[5] ?? '').matchAll(/`([^`]+)`/g)].map(([, file]) => file ?? '');
      return row === undefined ? [] : [[Number(row), files] as const];
    }),
);

/** Rows that a test names in its title or in a comment, by file. */
const named = new Map(
  globSync('**/*.test.ts', { cwd: ROOT }).map((file) => {
    const text = readFileSync(new URL(file, ROOT), 'utf8');
    return [
      file,
      new Set([...text.matchAll(/\bA([1-9][0-9]{0,2})\b/g)].map(([, row]) => Number(row))),
    ];
  }),
);

test('the table has every row from A1 to A97', () => {
  assert.deepEqual(
    [...rows.keys()],
    Array.from({ length: 97 }, (_, index) => index + 1),
  );
});

test('the files that a row of the table names are there, and name the row', () => {
  for (const [row, files] of rows) {
    for (const file of files) {
      assert.ok(existsSync(new URL(file, ROOT)), `A${row}: there is no ${file}`);
      assert.ok(named.get(file)?.has(row), `${file} does not name A${row}`);
    }
  }
});

test('no test names a row that the table has not', () => {
  for (const [file, its] of named) {
    for (const row of its) assert.ok(rows.has(row), `${file} names A${row}`);
  }
});
