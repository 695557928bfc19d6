import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { externalUrl } from '../../../infra/config/values/external_url.ts';

suite('externalUrl', () => {
  const accepted: readonly [string, unknown][] = [
    ['tasks.example.com', { scheme: undefined, host: 'tasks.example.com', port: undefined }],
    ['https://Tasks.example.com/', { scheme: 'https', host: 'tasks.example.com', port: undefined }],
    ['http://10.0.0.7:8080', { scheme: 'http', host: '10.0.0.7', port: 8080 }],
    ['[2001:db8::1]:8443', { scheme: undefined, host: '2001:db8::1', port: 8443 }],
  ];
  for (const [text, expected] of accepted) {
    test(`reads ${text}`, () => {
      assert.deepEqual(externalUrl.parse(text), expected);
    });
  }
  for (const text of [
    '',
    'https://',
    'https://api.',
    'ftp://a.b',
    'a.b/path',
    'me@a.b',
    'a b',
    '*.a.b',
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      assert.equal(externalUrl.safeParse(text).success, false);
    });
  }
});
