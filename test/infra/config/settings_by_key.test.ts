import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { FREE_SETTINGS, SETTING_KEYS } from '../../../infra/config/settings_by_key.ts';
import { stackConfig } from '../../../infra/config/schema.ts';
import { unwrap } from '../../../infra/config/secret_leaves.ts';
import { SETTING_NAMES } from '../../../router/settings/schema.ts';
import { z } from 'zod';
import { ofKind, runStack } from '../stack_run.ts';
import { smallest } from '../stacks.ts';

/** Variables that are no settings of the router, and that it reads all the same. */
const NO_SETTINGS = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

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
  },
  tcpSession: {
    portRange: { start: 22, end: 23 },
    proxyProtocol: true,
    sourceRanges: ['203.0.113.0/24'],
  },
  router: {
    trustedProxies: ['192.0.2.1/32'],
    limits: {
      connections: { total: 1, perAddress: 1 },
      requests: { total: 1, perUser: 1, perTask: 1, perAddress: 1 },
      webSockets: { total: 1, perUser: 1, perTask: 1, perAddress: 0 },
    },
    queues: ['default'],
    verifyPods: { namespaces: ['clearml'] },
    secret: 'SECRET-of-the-router-itself',
    staticRoutesConfigMap: 'static-routes',
  },
};

function hasKey(schema: z.core.$ZodType, [key, ...rest]: readonly string[]): boolean {
  const inner = unwrap(schema);
  if (inner !== undefined) return hasKey(inner, key === undefined ? [] : [key, ...rest]);
  if (key === undefined) return true;
  if (!(schema instanceof z.core.$ZodObject)) return false;
  const next = schema._zod.def.shape[key];
  return next !== undefined && hasKey(next, rest);
}

suite('every setting of the router', () => {
  test('has a key of config, or a reason in FREE_SETTINGS why it has none', () => {
    const known = (name: string): boolean =>
      Object.hasOwn(SETTING_KEYS, name) !== Object.hasOwn(FREE_SETTINGS, name);
    assert.deepEqual(
      SETTING_NAMES.filter((name) => !known(name)),
      [],
    );
    const names = new Set<string>([...SETTING_NAMES, ...NO_SETTINGS]);
    const listed = [...Object.keys(SETTING_KEYS), ...Object.keys(FREE_SETTINGS)];
    assert.deepEqual(
      listed.filter((name) => !names.has(name)),
      [],
    );
  });

  test('that has a key names one that is there', () => {
    const stray = Object.values(SETTING_KEYS).filter((key) => !hasKey(stackConfig, key.split('.')));
    assert.deepEqual(stray, []);
  });

  test('that has a key is set by the program', async () => {
    const [deployment] = ofKind(await runStack(full), 'apps/v1:Deployment');
    const text = JSON.stringify(deployment?.inputs);
    const unset = Object.keys(SETTING_KEYS).filter(
      (name) => !text.includes(`"name":"${name}"`) && !text.includes(`"name":"${name}_FILE"`),
    );
    assert.deepEqual(unset, []);
  });
});
