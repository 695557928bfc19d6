import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parse } from 'yaml';

import { convertValues } from '../../../infra/import_values/convert.ts';

/** The guide's values, and the same installation in the two later generations of the chart. */
const generations: readonly (readonly [name: string, values: string])[] = [
  [
    'the guide',
    `
imageCredentials: {password: SECRET-hub}
clearml:
  apiServerKey: SECRET-key
  apiServerSecret: SECRET-secret
  apiServerUrlReference: https://api.example.com
  jwksKey: SECRET-jwks
  authCookieName: allegro_token_x
  sslVerify: true
ingress: {enabled: true, hostName: https://tasks.example.com}
tcpSession: {routerAddress: 10.0.0.1, portRange: {start: 30000, end: 30010}}
`,
  ],
  [
    'the second generation',
    `
imageCredentials: {enabled: true, email: a@b.c, password: SECRET-hub}
clearml:
  apiserverKey: SECRET-key
  apiserverSecret: SECRET-secret
  apiServerUrlReference: https://api.example.com
  jwksKey: SECRET-jwks
  authCookieName: allegro_token_x
  sslVerify: true
ingress: {enabled: true, hostname: https://tasks.example.com}
tcpSession: {routerAddress: 10.0.0.1, portRange: {start: 30000, end: 30010}}
service: {type: NodePort}
`,
  ],
  [
    'the third generation',
    `
imageCredentials: {password: SECRET-hub}
clearml:
  apiKey: SECRET-key
  apiSecret: SECRET-secret
  apiServerUrlReference: https://api.example.com
  jwksKey: SECRET-jwks
  authCookieName: allegro_token_x
  sslVerify: true
ingress: {enabled: true}
externalURL: https://tasks.example.com
streamSession: {routerAddress: 10.0.0.1, portRange: {start: 30000, end: 30010}}
`,
  ],
];

const expected = {
  clearml: {
    apiServerUrlReference: 'https://api.example.com',
    authCookieName: 'allegro_token_x',
    sslVerify: true,
  },
  ingress: { enabled: true, hostName: 'https://tasks.example.com' },
  tcpSession: { routerAddress: '10.0.0.1', portRange: { start: 30_000, end: 30_010 } },
};

function converted(values: string): ReturnType<typeof convertValues> {
  return convertValues(parse(values) as Record<string, unknown>);
}

suite('convertValues', () => {
  for (const [name, values] of generations) {
    test(`takes over ${name}`, () => {
      const { config, secrets } = converted(values);
      assert.deepEqual(config, expected);
      assert.deepEqual(Object.fromEntries(secrets.map(({ path, value }) => [path, value])), {
        'clearml.apiServerKey': 'SECRET-key',
        'clearml.apiServerSecret': 'SECRET-secret',
        'clearml.jwksKey': 'SECRET-jwks',
        'imageCredentials.password': 'SECRET-hub',
      });
    });
  }

  test('lists what has no counterpart, and why', () => {
    const { config, leftOut } = converted(`
imageCredentials: {email: a@b.c}
proxy: {logsToStdout: true, replicas: 2}
ingress: {enabled: true}
service: {type: NodePort}
`);
    assert.deepEqual(config, { ingress: { enabled: true } });
    assert.deepEqual(leftOut, [
      { path: 'service.type', why: 'the Ingress exposes HTTP; there is one exposure' },
      { path: 'imageCredentials.email', why: 'registries no longer ask for it' },
      { path: 'proxy', why: 'no counterpart' },
    ]);
  });

  test('turns lists of the chart into what they mean', () => {
    const { config, leftOut } = converted(`
imagePullSecrets: [{name: registry}]
nodeSelector: {pool: ingress}
tolerations: [{key: dedicated, operator: Exists}]
router:
  extraEnvs:
    - {name: LOG_LEVEL, value: debug}
    - {name: POLL_INTERVAL, value: 5}
    - {name: OTHER, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
customCertificates:
  extraCerts: [{alias: a, pem: "-----BEGIN CERTIFICATE-----"}]
`);
    assert.deepEqual(config, {
      imageCredentials: { existingImagePullSecrets: ['registry'] },
      pod: {
        nodeSelector: { pool: 'ingress' },
        tolerations: [{ key: 'dedicated', operator: 'Exists' }],
        env: { POLL_INTERVAL: '5' },
      },
      clearml: { caCertificates: '-----BEGIN CERTIFICATE-----' },
    });
    assert.deepEqual(leftOut, [
      { path: 'router.extraEnvs LOG_LEVEL', why: 'use router.logLevel' },
      { path: 'router.extraEnvs OTHER', why: 'only plain values have a place' },
    ]);
  });
});
