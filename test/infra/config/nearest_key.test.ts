import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { nearestKey } from '../../../infra/config/reading/nearest_key.ts';

suite('nearestKey', () => {
  const known = [
    'apiServerUrlReference',
    'apiServerKey',
    'apiServerSecret',
    'sslVerify',
    'hostName',
    'port',
  ];
  const expected: readonly [string, string | undefined][] = [
    ['hostname', 'hostName'],
    ['host-name', 'hostName'],
    ['apiserverKey', 'apiServerKey'],
    ['apiServerUrl', 'apiServerUrlReference'],
    ['sslVerfiy', 'sslVerify'],
    ['prot', 'port'],
    ['host', 'hostName'],
    ['sort', 'port'],
    ['kind', undefined],
    ['cost', undefined],
    ['colour', undefined],
  ];
  for (const [unknown, nearest] of expected) {
    test(`${unknown} is near ${nearest ?? 'nothing'}`, () => {
      assert.equal(nearestKey(unknown, known), nearest);
    });
  }
});
