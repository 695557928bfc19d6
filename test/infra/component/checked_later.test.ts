import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { INPUT_PATHS } from '../../../infra/component/args.ts';
import { checkedLater } from '../../../infra/component/checked_later.ts';

suite('a value of another resource', () => {
  test('is checked by the schema of its key', () => {
    assert.equal(checkedLater(['ingress', 'hostName'], 'A.example.com'), 'a.example.com');
    assert.equal(checkedLater(['router', 'secret'], 'SECRET-of-another'), 'SECRET-of-another');
    assert.throws(() => checkedLater(['tcpSession', 'routerAddress'], 'ssh://a'), {
      code: 'config-invalid',
      message:
        'tcpSession.routerAddress, from another resource: expected an IP address or a host name, without scheme and port',
    });
    assert.throws(() => checkedLater(['ingress', 'hostName'], 'https://a.example.com'), {
      code: 'config-invalid',
      message:
        'ingress.hostName, from another resource: expected a host alone; where TLS ends before the cluster, give { https: host }',
    });
  });

  test('is a text, also where the key may be left out', () => {
    for (const value of [undefined, null, 7, ['a'], { https: 'a.example.com' }]) {
      assert.throws(() => checkedLater(['ingress', 'wildcardHost'], value), {
        code: 'config-invalid',
        message: 'ingress.wildcardHost, from another resource: expected a text',
      });
    }
  });

  test('has a schema at each key that takes one', () => {
    for (const path of INPUT_PATHS) {
      assert.throws(() => checkedLater(path.split('.'), 1), { code: 'config-invalid' }, path);
    }
  });
});
