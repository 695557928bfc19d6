import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';

import { judgeServedCertificate } from '../../../../infra/checks/verify/served_certificate.ts';
import { signedCertificate } from '../certificates.ts';

const made = signedCertificate(['localhost', '*.t.example.com'], 90);
const skip = made === undefined && 'there is no openssl';

async function serving(context: TestContext): Promise<string> {
  const { authority = '', certificate = '', key = '' } = made ?? {};
  const server = createServer({ key, cert: certificate + authority });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(() => server.close());
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

suite('judgeServedCertificate', { skip }, () => {
  test('tells of a CA that this machine does not know', async (context) => {
    const finding = await judgeServedCertificate(await serving(context), 'localhost');
    assert.equal(finding.outcome, 'unsure');
    assert.match(
      finding.says,
      /^covers localhost until .*, but this machine does not trust it: .*SELF_SIGNED_CERT_IN_CHAIN$/,
    );
  });

  test('asks for names below the wildcard at the address of the router', async (context) => {
    const finding = await judgeServedCertificate(await serving(context), 'any.t.example.com');
    assert.match(finding.says, /^covers any\.t\.example\.com/);
  });

  test('refuses a certificate of another host', async (context) => {
    const finding = await judgeServedCertificate(await serving(context), 'tasks.example.com');
    assert.equal(finding.outcome, 'bad');
    assert.equal(
      finding.says,
      'does not cover tasks.example.com; it covers localhost, *.t.example.com',
    );
  });
});
