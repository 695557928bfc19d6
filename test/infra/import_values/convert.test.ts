import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parse } from 'yaml';

import { problems } from '../config/problems_of.ts';
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
  tcpSession: {
    routerAddress: '10.0.0.1',
    portRange: { start: 30_000, end: 30_010 },
    // What the charts do where the values say nothing.
    service: { type: 'NodePort' },
  },
};

/** Every key that the vendor's public documents name, in any generation, with a value and what becomes of it. */
const chartKeys: readonly (readonly [
  key: string,
  value: string,
  becomes: Readonly<Record<string, unknown>> | string,
])[] = [
  ['imageCredentials.password', 'p', { 'imageCredentials.password': 'p' }],
  ['imageCredentials.username', 'u', { 'imageCredentials.username': 'u' }],
  ['imageCredentials.registry', 'r', { 'imageCredentials.registry': 'r' }],
  [
    'imageCredentials.existingImagePullSecrets',
    '[a]',
    { 'imageCredentials.existingImagePullSecrets': ['a'] },
  ],
  ['imageCredentials.existingSecret', 'a', { 'imageCredentials.existingImagePullSecrets': ['a'] }],
  ['imageCredentials.enabled', 'true', 'a password or an existing pull secret switches it on'],
  ['imageCredentials.email', 'x', 'registries no longer ask for it'],
  ['clearml.apiKey', 'k', { 'clearml.apiServerKey': 'k' }],
  ['clearml.apiserverKey', 'k', { 'clearml.apiServerKey': 'k' }],
  ['clearml.apiServerKey', 'k', { 'clearml.apiServerKey': 'k' }],
  ['clearml.apiSecret', 's', { 'clearml.apiServerSecret': 's' }],
  ['clearml.apiserverSecret', 's', { 'clearml.apiServerSecret': 's' }],
  ['clearml.apiServerSecret', 's', { 'clearml.apiServerSecret': 's' }],
  ['clearml.apiServerUrlReference', 'u', { 'clearml.apiServerUrlReference': 'u' }],
  ['clearml.apiserverUrlReference', 'u', { 'clearml.apiServerUrlReference': 'u' }],
  ['clearml.jwksKey', 'k', { 'clearml.jwksKey': 'k' }],
  ['clearml.authCookieName', 'c', { 'clearml.authCookieName': 'c' }],
  ['clearml.sslVerify', 'false', { 'clearml.sslVerify': false }],
  ['ingress.enabled', 'true', { 'ingress.enabled': true }],
  ['ingress.hostName', 'h', { 'ingress.hostName': 'h' }],
  ['ingress.hostname', 'h', { 'ingress.hostName': 'h' }],
  ['ingress.className', 'c', { 'ingress.className': 'c' }],
  ['ingress.ingressClassName', 'c', { 'ingress.className': 'c' }],
  ['ingress.annotations', '{a: b}', { 'ingress.annotations': { a: 'b' } }],
  ['ingress.tlsSecretName', 't', { 'ingress.tlsSecretName': 't' }],
  ['service.type', 'LoadBalancer', { 'service.type': 'LoadBalancer' }],
  ['externalURL', 'u', { 'ingress.hostName': 'u' }],
  ['streamSession.routerAddress', 'a', { 'tcpSession.routerAddress': 'a' }],
  ['streamSession.service.type', 'NodePort', { 'tcpSession.service.type': 'NodePort' }],
  ['streamSession.service.loadBalancerClass', 'c', { 'tcpSession.service.loadBalancerClass': 'c' }],
  ['streamSession.portRange.start', '1', { 'tcpSession.portRange.start': 1 }],
  ['streamSession.portRange.end', '2', { 'tcpSession.portRange.end': 2 }],
  ['tcpSession.routerAddress', 'a', { 'tcpSession.routerAddress': 'a' }],
  ['tcpSession.portRange.start', '1', { 'tcpSession.portRange.start': 1 }],
  ['customCertificates.overrideCaCertificatesCrt', 'p', { 'clearml.caCertificates': 'p' }],
  [
    'customCertificates.extraCerts',
    '[{alias: a, pem: "-----BEGIN CERTIFICATE-----"}]',
    { 'clearml.caCertificates': '-----BEGIN CERTIFICATE-----' },
  ],
  ['fullnameOverride', 'n', { 'router.name': 'n' }],
  ['nameOverride', 'n', { 'router.name': 'n' }],
  ['replicaCount', '2', { 'availability.replicas': 2 }],
  ['proxy.autoReloadConfig', 'true', 'routes change without a reload'],
  ['proxy.logsToStdout', 'true', 'the router always logs there'],
  ['proxy.extraVolumeMounts', '[]', 'the router is one process; there is no proxy beside it'],
  ['extraVolumes', '[{name: v}]', { 'pod.volumes': [{ name: 'v' }] }],
  ['router.extraVolumeMounts', '[{name: v}]', { 'pod.volumeMounts': [{ name: 'v' }] }],
  [
    'router.extraEnvs',
    '[{name: LISTEN_QUEUE_NAME, value: "a, b"}]',
    { 'router.queues': ['a', 'b'] },
  ],
  [
    'router.resources',
    '{limits: {memory: 1Gi}}',
    { 'pod.resources': { limits: { memory: '1Gi' } } },
  ],
];

function valueAt(group: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], group);
}

/** A values file of one key. */
function valuesOf(key: string, value: string): string {
  const keys = key.split('.');
  return `${keys.join(': {')}: ${value}${'}'.repeat(keys.length - 1)}`;
}

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

  test('says who may open endpoints, which no values file does', () => {
    assert.deepEqual(converted('{}').notes, [
      "who may open an endpoint: on an open-source server, which shows every task to everybody, its task's owner alone; on other " +
        'servers whoever may see the task. For that on any server: pulumi config set --path router.access.default visible',
    ]);
  });

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
      { path: 'proxy.logsToStdout', why: 'the router always logs there' },
      { path: 'proxy.replicas', why: 'the router is one process; there is no proxy beside it' },
    ]);
  });

  test('makes a stack that lacks the cluster alone', () => {
    for (const [name, values] of generations) {
      const { config, secrets } = converted(values);
      const whole = structuredClone(config) as Record<string, Record<string, unknown>>;
      for (const { path, value } of secrets) {
        const [section = '', key = ''] = path.split('.');
        whole[section] = { ...whole[section], [key]: value };
      }
      assert.deepEqual(
        problems(whole).map((problem) => problem.slice(0, 27)),
        ['kubernetes.context: missing'],
        name,
      );
    }
  });

  test('says what to do about an address that no load balancer is asked for', () => {
    const warningsOf = (service: string, address = '10.0.0.1') =>
      converted(
        `tcpSession: {routerAddress: ${address}, portRange: {start: 30000, end: 30010}, service: ${service}}`,
      ).warnings;
    assert.deepEqual(warningsOf('{type: LoadBalancer}'), [
      'tcpSession.routerAddress 10.0.0.1 is what users are told, and nothing asks the load balancer for it. Set ' +
        'tcpSession.service.loadBalancerIP to 10.0.0.1, or the annotation that it reads instead; or remove ' +
        'tcpSession.routerAddress, which takes the address that the load balancer gets; or set tcpSession.service.type to ' +
        'NodePort where this is the address of nodes.',
    ]);
    const annotations = '{metallb.io/loadBalancerIPs: 10.0.0.1}';
    for (const service of [
      '{}',
      '{type: ""}',
      '{type: NodePort}',
      '{type: LoadBalancer, loadBalancerIP: 10.0.0.1}',
      `{type: LoadBalancer, annotations: ${annotations}}`,
    ]) {
      assert.deepEqual(warningsOf(service), [], service);
    }
    assert.deepEqual(warningsOf('{type: LoadBalancer}', 'ssh.example.com'), []);
  });

  for (const [key, value, becomes] of chartKeys) {
    test(`${key} of the chart ${typeof becomes === 'string' ? 'is left out' : 'has a place'}`, () => {
      const { config, leftOut, secrets } = converted(valuesOf(key, value));
      if (typeof becomes === 'string') {
        assert.deepEqual(leftOut, [{ path: key, why: becomes }]);
        assert.deepEqual(config, {});
        return;
      }
      const [[path, expectedValue] = ['', undefined]] = Object.entries(becomes);
      const secret = secrets.find((found) => found.path === path)?.value;
      assert.deepEqual(secret ?? valueAt(config, path.split('.')), expectedValue);
      assert.deepEqual(leftOut, []);
    });
  }

  test('takes texts for what they mean where a key asks for another type', () => {
    const { config } = converted(`
clearml: {sslVerify: "true"}
ingress: {enabled: "yes", annotations: {a: 1, b: true}}
service: {type: NodePort}
streamSession: {portRange: {start: "30000", end: 30010}}
replicaCount: "2"
fullnameOverride: 7
`);
    assert.equal(valueAt(config, ['clearml', 'sslVerify']), true);
    assert.deepEqual(config['ingress'], { enabled: true, annotations: { a: '1', b: 'true' } });
    assert.equal(config['service'], undefined, 'the Ingress is the one exposure');
    assert.deepEqual(valueAt(config, ['tcpSession', 'portRange']), { start: 30_000, end: 30_010 });
    assert.deepEqual(config['availability'], { replicas: 2 });
    assert.deepEqual(config['router'], { name: '7' });
  });

  test('names placeholders, and takes none over', () => {
    const { config, leftOut, secrets } = converted(`
imageCredentials: {password: "\${dockerhub_token}"}
clearml: {apiServerKey: <access key>, authCookieName: allegro_token_x}
ingress: {hostName: "{host}", annotations: {a: "{host}"}}
router: {extraEnvs: [{name: A, value: $(B)}]}
`);
    assert.deepEqual(secrets, []);
    assert.deepEqual(config, {
      clearml: { authCookieName: 'allegro_token_x' },
      ingress: { annotations: { a: '{host}' } },
      pod: { env: { A: '$(B)' } },
    });
    assert.deepEqual(leftOut, [
      { path: 'imageCredentials.password', why: '${dockerhub_token} is a placeholder' },
      { path: 'clearml.apiServerKey', why: '<access key> is a placeholder' },
      { path: 'ingress.hostName', why: '{host} is a placeholder' },
    ]);
  });

  test('takes the host with its scheme where the chart has it twice', () => {
    const twice = 'externalURL: https://tasks.example.com/\ningress: {hostName: tasks.example.com}';
    assert.deepEqual(converted(twice).config, {
      ingress: { hostName: 'https://tasks.example.com/' },
    });
    const other = converted(twice.replace('hostName: tasks', 'hostname: apps'));
    assert.deepEqual(other.config, { ingress: { hostName: 'apps.example.com' } });
    assert.deepEqual(other.leftOut, [
      { path: 'externalURL', why: 'ingress.hostName names another host, apps.example.com' },
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
    - {name: NOTHING}
  extraEnvFrom: [{secretRef: {name: more}}]
customCertificates:
  extraCerts: [{alias: a, pem: "-----BEGIN CERTIFICATE-----"}]
`);
    assert.deepEqual(config, {
      imageCredentials: { existingImagePullSecrets: ['registry'] },
      pod: {
        nodeSelector: { pool: 'ingress' },
        tolerations: [{ key: 'dedicated', operator: 'Exists' }],
        env: {
          POLL_INTERVAL: '5',
          OTHER: { valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        },
        envFrom: [{ secretRef: { name: 'more' } }],
      },
      clearml: { caCertificates: '-----BEGIN CERTIFICATE-----' },
    });
    assert.deepEqual(leftOut, [
      { path: 'router.extraEnvs LOG_LEVEL', why: 'use router.logLevel' },
      {
        path: 'router.extraEnvs NOTHING',
        why: 'it has neither value nor valueFrom',
      },
    ]);
  });

  test('leave out keys that every object of JavaScript has', () => {
    const values = parse('{constructor: 1, pod: {toString: {a: 1}}, __proto__: {b: 1}}') as object;
    const { config, leftOut } = convertValues({ ...values });
    assert.deepEqual(config, {});
    assert.deepEqual(
      leftOut.map(({ path }) => path),
      ['constructor', 'pod.toString.a'],
    );
  });
});
