import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { judgeCertificate } from '../../../infra/checks/judge_certificate.ts';
import type { Finding } from '../../../infra/checks/check.ts';
import { certificateChecks } from '../../../infra/checks/doctor/certificate_checks.ts';
import { clusterAnswering } from '../cluster/stand_in.ts';
import { parsedConfig } from '../parsed_config.ts';
import { smallest } from '../stacks.ts';
import { signedCertificate } from './certificates.ts';
import { told } from './find.ts';

const DAY = 86_400_000;
const hosts = ['tasks.example.com', 'any.t.example.com'];
const made = signedCertificate(['tasks.example.com', '*.t.example.com'], 90);
const other = signedCertificate(['other.example.com'], 90);
const skip = made === undefined && 'there is no openssl';

function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY);
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

suite('judgeCertificate', { skip }, () => {
  const { authority = '', certificate = '', key = '' } = made ?? {};
  const fix = 'mend it';
  const judge = (chain: string, more: object = {}, now = new Date()): Finding =>
    judgeCertificate({ chain, key, hosts, fix, ...more }, now);
  const bad = (says: string): Finding => ({ outcome: 'bad', says, fix });

  test('takes one that covers the hosts, with its key and its chain', () => {
    const says = `covers tasks.example.com, any.t.example.com until ${day(inDays(90))}`;
    assert.deepEqual(judge(certificate + authority), { outcome: 'good', says });
    assert.deepEqual(judge(certificate, { key: undefined }), { outcome: 'good', says });
    assert.deepEqual(judge(certificate, {}, inDays(77)), {
      outcome: 'unsure',
      says,
      fix: 'It ends soon: renew it.',
    });
  });

  const wrong: readonly (readonly [name: string, find: () => Finding, says: string])[] = [
    ['no certificate', () => judge('tls.crt'), 'is no certificate in PEM form'],
    [
      'a certificate of other hosts',
      () =>
        judge(certificate, { hosts: ['tasks.example.com', 'a.example.com', 'a.b.t.example.com'] }),
      'does not cover a.example.com, a.b.t.example.com; it covers tasks.example.com, *.t.example.com',
    ],
    ['an expired one', () => judge(certificate, {}, inDays(91)), `expired on ${day(inDays(90))}`],
    [
      'one to come',
      () => judge(certificate, {}, inDays(-1)),
      `is in force from ${day(new Date())} only`,
    ],
    [
      "another's key",
      () => judge(certificate, { key: other?.key }),
      'does not belong to its private key',
    ],
    [
      "another's chain",
      () => judge(certificate + (other?.authority ?? '')),
      'has a chain out of order: number 2 did not sign number 1',
    ],
  ];
  for (const [name, find, says] of wrong) {
    test(`refuses ${name}`, () => {
      assert.deepEqual(find(), bad(says));
    });
  }

  test('is what the doctor does with the certificate of config, or of a Secret', async (context) => {
    const ingress = { hostName: 'tasks.example.com', wildcardHost: 't.example.com' };
    const { reader } = await clusterAnswering(context, {
      '/api/v1/namespaces/task-traffic-router/secrets/tls': {
        data: {
          'tls.crt': Buffer.from(other?.certificate ?? '').toString('base64'),
          'tls.key': Buffer.from(other?.key ?? '').toString('base64'),
        },
      },
    });
    const tls = { certificate, privateKey: key };
    const ofConfig = certificateChecks(parsedConfig({ ...smallest, ingress, tls }), reader);
    assert.match((await told(ofConfig, 'certificate')).join(), /^✔ certificate: covers tasks/);
    const inSecret = { ...smallest, ingress: { ...ingress, tlsSecretName: 'tls' } };
    assert.deepEqual(await told(certificateChecks(parsedConfig(inSecret), reader), 'certificate'), [
      '✖ certificate: does not cover tasks.example.com, any.t.example.com; it covers other.example.com',
      '    Put a certificate for tasks.example.com, any.t.example.com and its key into Secret tls.',
    ]);
    assert.deepEqual(certificateChecks(parsedConfig(smallest), reader), []);
  });
});
