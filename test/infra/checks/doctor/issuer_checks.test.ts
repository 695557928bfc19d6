import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { issuerChecks } from '../../../../infra/checks/doctor/issuer_checks.ts';
import { linesOf } from '../find.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { smallest } from '../../stacks.ts';

async function lines(spec: object, issuer: object = { name: 'letsencrypt' }): Promise<unknown> {
  const config = parsedConfig({
    ...smallest,
    ingress: { ...smallest.ingress, wildcardHost: 't.example.com' },
    tls: { issuer },
  });
  const asked: string[] = [];
  const read = (path: string): Promise<unknown> => {
    asked.push(path);
    return Promise.resolve({ spec });
  };
  const checks = issuerChecks(config, { read });
  return [...(await linesOf(checks)).lines, ...asked];
}

const PATH = '/apis/cert-manager.io/v1/clusterissuers/letsencrypt';
const DNS = { dns01: { cloudDNS: {} } };
const good = ['✔ certificate for *.t.example.com: its issuer has DNS-01', PATH];
const bad = [
  '✖ certificate for *.t.example.com: its issuer is an ACME issuer without DNS-01 for it',
  '    Give the issuer a dns01 solver: HTTP-01 proves no wildcard. https://cert-manager.io/docs/configuration/acme/dns01/',
  PATH,
];

suite('the issuer of a certificate for a wildcard', () => {
  test('needs DNS-01 where it is an ACME issuer', async () => {
    assert.deepEqual(await lines({ acme: { solvers: [{ http01: {} }] } }), bad);
    assert.deepEqual(await lines({ acme: {} }), bad);
    assert.deepEqual(await lines({ acme: { solvers: [{ http01: {} }, DNS] } }), good);
  });

  test('needs it for this very name', async () => {
    const among = (selector: object): Promise<unknown> =>
      lines({ acme: { solvers: [{ ...DNS, selector }] } });
    assert.deepEqual(await among({ dnsZones: ['example.com'] }), good);
    assert.deepEqual(await among({ dnsNames: ['*.t.example.com'] }), good);
    assert.deepEqual(await among({ dnsZones: ['example.org'] }), bad);
    assert.deepEqual(await among({ dnsNames: ['t.example.com'] }), bad);
  });

  test('needs nothing where it is another kind of issuer', async () => {
    assert.deepEqual(await lines({ ca: { secretName: 'ca' } }, { name: 'own', kind: 'Issuer' }), [
      '✔ certificate for *.t.example.com: its issuer is no ACME issuer',
      '/apis/cert-manager.io/v1/namespaces/task-traffic-router/issuers/own',
    ]);
  });

  test('is not asked where there is no wildcard', () => {
    const config = parsedConfig({ ...smallest, tls: { issuer: { name: 'letsencrypt' } } });
    const nobody = (): Promise<never> => Promise.reject(new Error('asked'));
    assert.deepEqual(issuerChecks(config, { read: nobody }), []);
  });
});
