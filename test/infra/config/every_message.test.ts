import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { problems } from './problems_of.ts';
import { wrongConfigs } from './wrong_configs.ts';

const folder = fileURLToPath(new URL('../../../infra/config/', import.meta.url));

/** Files whose texts are no problems of one stack's config, or have a test of their own. */
const ELSEWHERE = new Set([
  'cluster_limits.ts',
  'found.ts',
  'neighbours.ts',
  'platform_rules.ts',
  'plain_secrets.ts',
  'read.ts',
  'remedy.ts',
  'router_settings.ts',
  'settle.ts',
  'stack_file.ts',
  'unasked_address.ts',
]);

/** The source without comments and without what describes keys, whose texts go to the reference. */
function withoutDescriptions(source: string): string {
  const code = source.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');
  let result = '';
  let rest = code;
  for (;;) {
    const begin = rest.search(/\.describe\(/);
    if (begin === -1) return result + rest;
    result += rest.slice(0, begin);
    rest = rest.slice(endOfCall(rest, begin));
  }
}

/** Index behind the parenthesis that closes the call which begins at `begin`. */
function endOfCall(code: string, begin: number): number {
  let depth = 0;
  let quote = '';
  for (let index = begin; index < code.length; index += 1) {
    const character = code[index] ?? '';
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (/['"`]/.test(character)) quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')' && (depth -= 1) === 0) return index + 1;
  }
  return code.length;
}

/** Texts of more than one word, as patterns: what a template fills in may be anything. */
function messages(source: string): string[] {
  const literal = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g;
  return [...withoutDescriptions(source).matchAll(literal)]
    .map(([, single, double, template]) => single ?? double ?? template ?? '')
    .filter((text) => /[a-z] [a-z]/.test(text))
    .map((text) => text.replaceAll(/\$\{[^}]*\}/g, '\u0000'))
    .map((text) =>
      text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('\u0000', '.*'),
    );
}

suite('every rule of the config', () => {
  const told = wrongConfigs.flatMap(({ config }) => problems(config)).join('\n');
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !ELSEWHERE.has(basename(name)),
  )) {
    test(`of ${file} has a case with its exact text`, () => {
      const silent = messages(readFileSync(folder + file, 'utf8')).filter(
        (pattern) => !new RegExp(pattern).test(told),
      );
      assert.deepEqual([...new Set(silent)], []);
    });
  }

  test('would be found out without one', () => {
    const source =
      "/** A doc. */ z.string({ error: 'expected nothing else' }).describe('A key (so)')";
    assert.deepEqual(messages(source), ['expected nothing else']);
  });
});
