import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { keyOfSetting } from '../../../../infra/config/decisions/router_settings.ts';
import { SETTING_NAMES } from '../../../../router/settings/schema.ts';
import { ofKind, runStack } from '../../stack_run.ts';
import { smallest } from '../../stacks.ts';

/** Variables that are no settings of the router, and that it reads all the same. */
const PROXY_VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** A stack that says all that decides on a setting. */
const full = {
  ...smallest,
  clearml: {
    ...smallest.clearml,
    webServerUrl: 'https://app.clearml.example.com',
    authCookieName: 'clearml_token_basic',
    sslVerify: false,
    caCertificates: '-----BEGIN CERTIFICATE-----',
    proxy: { url: 'http://proxy.example.com:3128', noProxy: ['a.example.com'] },
  },
  ingress: {
    hostName: 'https://tasks.example.com',
    wildcardHost: 't.example.com',
    pathForm: false,
    pagesHostName: 'pages.example.com',
  },
  tcpSession: {
    portRange: { start: 22, end: 23 },
    onlyVisible: true,
    portsPerTask: 4,
    portsPerUser: 16,
    proxyProtocol: true,
    sourceRanges: ['203.0.113.0/24'],
  },
  router: {
    taskAnswerSeconds: 600,
    modelEndpointsSeconds: 60,
    taskCa: '-----BEGIN CERTIFICATE-----',
    idle: { after: 7_200, queues: ['gpu'] },
    trustedProxies: ['192.0.2.1/32'],
    limits: {
      connections: { total: 1 },
      requests: { total: 1 },
      webSockets: { total: 1 },
      advanced: {
        connections: { perAddress: 1 },
        requests: { perUser: 1, perTask: 1, perAddress: 1 },
        webSockets: { perUser: 1, perTask: 1, perAddress: 0 },
      },
    },
    queues: ['default'],
    administrators: ['jane'],
    access: { default: 'people', widest: 'visible', guests: true },
    verifyPods: { namespaces: ['clearml'], strict: true },
    ownPorts: true,
    secret: 'SECRET-of-the-router-itself',
    staticRoutesConfigMap: 'static-routes',
  },
};

suite('every setting of the router that a key of config decides on', () => {
  test('is set by the program', async () => {
    const [deployment] = ofKind(await runStack(full), 'apps/v1:Deployment');
    const text = JSON.stringify(deployment?.inputs);
    const keyed = [...SETTING_NAMES, ...PROXY_VARIABLES].filter(
      (name) => keyOfSetting(name) !== undefined,
    );
    assert.ok(keyed.length > 40);
    const unset = keyed.filter(
      (name) => !text.includes(`"name":"${name}"`) && !text.includes(`"name":"${name}_FILE"`),
    );
    assert.deepEqual(unset, []);
  });

  test('is none for a name that is no setting, or that only pod.env sets', () => {
    const names = ['POLL_INTERVAL', 'TZ', 'constructor', '__proto__'];
    assert.deepEqual(names.map(keyOfSetting), [undefined, undefined, undefined, undefined]);
  });
});
