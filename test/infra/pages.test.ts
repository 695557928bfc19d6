import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { suite, test } from 'node:test';

import { ROOT } from '../../infra/project.ts';

const sources = new Set(globSync('{infra,router}/**/*.{ts,js,cjs}', { cwd: ROOT }));

/** Whether a file of the program is called so: by its path below infra/ or the root, or by its name alone. */
function isThere(name: string): boolean {
  return name === basename(name)
    ? [...sources].some((file) => basename(file) === name)
    : sources.has(`infra/${name}`) || sources.has(name);
}

suite('pages for operators', () => {
  for (const page of ['README.md', ...globSync('infra/{README,operations/*}.md', { cwd: ROOT })]) {
    const text = readFileSync(ROOT + page, 'utf8');

    test(`${page} names files that are there`, () => {
      const named = [...text.matchAll(/`([\w/.-]+\.(?:ts|js|cjs))`/g)].map(([, file = '']) => file);
      const linked = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, file = '']) => file);
      assert.deepEqual(
        [
          ...named.filter((file) => !isThere(file)),
          ...linked.filter((file) => !existsSync(join(ROOT, dirname(page), file))),
        ],
        [],
      );
    });

    test(`${page} runs the program by the project's Node`, () => {
      const lines = text.split('\n');
      assert.deepEqual(
        lines.filter((line) => /^ {4}(?:.*&& )?pulumi (?:up|preview)\b/.test(line)),
        [],
      );
    });
  }
});
