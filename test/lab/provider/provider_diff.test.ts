import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { JsonObject } from './property_values.ts';
import { providerDifference } from './provider_diff.ts';

function kubeconfig(server: string, token = 'a'): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'one',
    clusters: [{ name: 'c', cluster: { server } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u' } }],
  });
}

const here = kubeconfig('https://127.0.0.1:6443');
const spelledOtherwise = kubeconfig('https://localhost:6443');

/** Those of the official provider's own `testdata/diffconfig`, and the one that was tried. */
const cases: readonly [string, JsonObject, JsonObject, readonly string[], readonly string[]][] = [
  ['nothing', { kubeconfig: here }, { kubeconfig: here }, [], []],
  [
    'other credentials for the same cluster',
    { kubeconfig: here },
    { kubeconfig: kubeconfig('https://127.0.0.1:6443', 'b') },
    ['kubeconfig'],
    [],
  ],
  [
    'another spelling of its URL',
    { kubeconfig: here },
    { kubeconfig: spelledOtherwise },
    ['kubeconfig'],
    ['kubeconfig'],
  ],
  [
    'another spelling, with an identifier that stays',
    { kubeconfig: here, clusterIdentifier: 'foo' },
    { kubeconfig: spelledOtherwise, clusterIdentifier: 'foo' },
    ['kubeconfig'],
    [],
  ],
  ['a new identifier', {}, { clusterIdentifier: 'foo' }, ['clusterIdentifier'], []],
  [
    'another identifier',
    { clusterIdentifier: 'foo' },
    { clusterIdentifier: 'bar' },
    ['clusterIdentifier'],
    ['clusterIdentifier'],
  ],
  ['an identifier that goes', { clusterIdentifier: 'foo' }, {}, ['clusterIdentifier'], []],
  [
    'an identifier that goes, and another spelling',
    { clusterIdentifier: 'foo', kubeconfig: here },
    { kubeconfig: spelledOtherwise },
    ['clusterIdentifier', 'kubeconfig'],
    ['kubeconfig'],
  ],
  ['another context without a kubeconfig', { context: 'a' }, { context: 'b' }, ['context'], []],
];

suite('inputs of a provider', () => {
  for (const [what, before, after, changed, replacing] of cases) {
    test(`${what}: ${replacing.length > 0 ? 'all is replaced' : 'nothing is replaced'}`, () => {
      assert.deepEqual(providerDifference(before, after), { changed, replacing });
    });
  }
});
