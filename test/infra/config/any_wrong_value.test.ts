import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { z } from 'zod';

import { unwrap } from '../../../infra/config/reading/secret_leaves.ts';
import { stackConfig } from '../../../infra/config/reading/schema.ts';
import { valueAt } from '../../../infra/config/values/value_at.ts';
import { type Config, type Path, pathsOf, replaced } from './every_path.ts';
import { problems } from './problems_of.ts';
import { richStacks } from './rich_stacks.ts';

/** What people and templates leave behind where a value should be. */
const JUNK: readonly unknown[] = [
  null,
  '',
  0,
  -1,
  true,
  {},
  [],
  [null],
  'x'.repeat(300),
  { name: { name: [{}] } },
];

/** A path, shortened to where the innermost schema is for the value there alone: those of a union depend on its neighbours. */
interface Judged {
  readonly path: Path;
  /** Whether the value there is wrong whatever lies beside it. */
  readonly isWrong: boolean;
}

function judged(config: Config, path: Path): Judged {
  let schema: z.core.$ZodType = stackConfig;
  let depth = 0;
  for (const key of path) {
    const next = below(schema, key);
    if (next === undefined) break;
    schema = next;
    depth += 1;
  }
  const known = path.slice(0, depth);
  const { error } = z.safeParse(schema, valueAt(config, known));
  // What is wrong deeper is a group that could be read, whose other keys are not there for the rules that need them.
  const isWrong = error?.issues.some((issue) => issue.path.length <= path.length - depth) ?? false;
  return { path: known, isWrong };
}

function below(schema: z.core.$ZodType, key: string): z.core.$ZodType | undefined {
  const inner = unwrap(schema);
  if (inner !== undefined) return below(inner, key);
  if (schema instanceof z.core.$ZodObject) return schema._zod.def.shape[key];
  if (schema instanceof z.core.$ZodArray) return schema._zod.def.element;
  return schema instanceof z.core.$ZodRecord ? schema._zod.def.valueType : undefined;
}

/** Every problem has a path and a text; of values that are wrong alone each is reported, and nothing else is. */
function judge(config: Config, paths: readonly Path[]): void {
  const lines = problems(config);
  const at = `with ${paths.map((path) => `${path.join('.')} = ${JSON.stringify(valueAt(config, path))}`).join(' and ')}`;
  for (const line of lines) assert.match(line, /^[^\s:]+: \S/, at);
  const values = paths.map((path) => judged(config, path));
  if (!values.every(({ isWrong }) => isWrong)) return;
  for (const { path } of values) {
    assert.ok(
      lines.some((line) => isBelow(line, path)),
      `${at}, ${path.join('.')} is not reported`,
    );
  }
  const others = lines.filter((line) => !values.some(({ path }) => isBelow(line, path)));
  assert.deepEqual(others, [], `${at}, what is right is reported`);
}

function isBelow(line: string, path: Path): boolean {
  return line.startsWith(`${path.join('.')}:`) || line.startsWith(`${path.join('.')}.`);
}

/** A generator of the same numbers each time, from 0 to below `bound` (mulberry32). */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

suite('a wrong value anywhere is told of, and keeps no rule from judging the others', () => {
  for (const [name, stack] of Object.entries(richStacks)) {
    const paths = pathsOf(stack);

    test(`of a stack with ${name}, which has no problem itself`, () => {
      assert.deepEqual(problems(stack), []);
    });

    test(`of a stack with ${name}, one at a time`, () => {
      for (const path of paths) {
        for (const junk of JUNK) judge(replaced(stack, path, junk), [path]);
      }
    });

    test(`of a stack with ${name}, two at a time`, () => {
      const random = generator(29);
      for (let round = 0; round < 500; round += 1) {
        const [one, two] = [paths[random(paths.length)] ?? [], paths[random(paths.length)] ?? []];
        if (isBelow(`${one.join('.')}:`, two) || isBelow(`${two.join('.')}:`, one)) continue;
        const first = replaced(stack, one, JUNK[random(JUNK.length)]);
        judge(replaced(first, two, JUNK[random(JUNK.length)]), [one, two]);
      }
    });
  }
});
