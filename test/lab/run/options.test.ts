import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseOptions } from './options.ts';

const defaults = {
  context: undefined,
  address: undefined,
  noCluster: false,
  once: false,
  open: false,
  noInstall: false,
};

test('without arguments, a cluster of its own, until Ctrl-C', () => {
  assert.deepEqual(parseOptions([]), defaults);
});

test('every option is read', () => {
  assert.deepEqual(
    parseOptions(['--context', 'kind-lab', '--address', '192.0.2.7', '--once', '--no-install']),
    { ...defaults, context: 'kind-lab', address: '192.0.2.7', once: true, noInstall: true },
  );
  assert.deepEqual(parseOptions(['--open']), { ...defaults, open: true });
  assert.deepEqual(parseOptions(['--no-cluster']), { ...defaults, noCluster: true });
});

test('help is asked for', () => {
  assert.equal(parseOptions(['--help']), undefined);
});

const refused: readonly [string, readonly string[], RegExp][] = [
  ['an unknown option', ['--twice'], /Unknown option '--twice'[\s\S]*Usage: npm start/],
  ['a word', ['prod'], /'prod'[\s\S]*Usage: npm start/],
  ['a context without its name', ['--context'], /--context[\s\S]*Usage: npm start/],
  [
    'a context where no cluster is wanted',
    ['--no-cluster', '--context', 'kind-lab'],
    /--no-cluster and --context exclude each other/,
  ],
  ['an address without a context', ['--address', '192.0.2.7'], /--address goes with --context/],
];
for (const [what, args, expected] of refused) {
  test(`${what} is refused, with the usage`, () => {
    assert.throws(() => parseOptions(args), { code: 'ARGUMENTS_INVALID', message: expected });
  });
}
