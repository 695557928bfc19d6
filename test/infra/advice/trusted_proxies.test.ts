import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { trustedProxyWarnings } from '../../../infra/advice/trusted_proxies.ts';
import { parsedConfig } from '../parsed_config.ts';
import { smallest } from '../stacks.ts';

type Raw = Readonly<Record<string, unknown>>;

function warnings(more: Raw, taskNetworks: readonly string[] = ['10.244.0.0/16']): string[] {
  return [...trustedProxyWarnings(parsedConfig({ ...smallest, ...more }), taskNetworks)];
}

function unset(whatToName: string): string {
  return (
    "router.trustedProxies is not set: every user's address is taken to be that of the proxy in front, in logs, in " +
    `limits of sign-in attempts and in X-Forwarded-For. Name ${whatToName}, or set it to [] if that is meant.`
  );
}

function trusting(...trustedProxies: readonly string[]): Raw {
  return { router: { trustedProxies } };
}

suite('trusted proxies', () => {
  const { hostName } = smallest.ingress;
  const google = '35.191.0.0/16, 130.211.0.0/22 and the address of the load balancer';
  const exposures: readonly (readonly [name: string, config: Raw, whatToName: string])[] = [
    ['an Ingress', {}, "the addresses of the controller's pods"],
    ['an ALB', { ingress: { hostName, controller: 'alb' } }, 'the subnets of the load balancer'],
    ['an Ingress of GKE', { ingress: { hostName, controller: 'gke' } }, google],
    [
      'a Gateway',
      { gateway: { enabled: true, parentRefs: [{ name: 'a' }] } },
      "the addresses of the Gateway's pods",
    ],
    [
      'a Gateway of GKE',
      { gateway: { enabled: true, controller: 'gke', parentRefs: [{ name: 'a' }] } },
      google,
    ],
    [
      'a Route',
      { openshiftRoute: { enabled: true } },
      "the addresses of the pods in openshift-ingress, which are their nodes' own in most clusters",
    ],
  ];
  for (const service of [{ type: 'LoadBalancer' }, { type: 'NodePort' }, { type: 'ClusterIP' }]) {
    const { type } = service;
    test(`before a Service of type ${type} are there where TLS ends before it`, () => {
      const config = { service, ingress: { hostName, enabled: false } };
      const inFront = 'the addresses of what ends TLS in front of the router';
      assert.deepEqual(warnings(config), [unset(inFront)]);
      assert.deepEqual(warnings({ ...config, ...trusting() }), []);
    });
  }

  for (const [name, config, whatToName] of exposures) {
    test(`behind ${name} have to be named, or said to be none`, () => {
      assert.deepEqual(warnings(config), [unset(whatToName)]);
      assert.deepEqual(warnings({ ...config, ...trusting() }), []);
    });
  }

  test('are none where nothing in front speaks HTTP', () => {
    const ingress = { hostName: 'http://tasks.internal' };
    for (const type of ['LoadBalancer', 'NodePort']) {
      assert.deepEqual(warnings({ ingress, service: { type } }), []);
    }
    assert.deepEqual(warnings({ ingress: { ...ingress, enabled: false } }), []);
  });

  const shared =
    "router.trustedProxies holds 10.0.0.0/8, a network that tasks are in: a task that connects to the router's pods can claim " +
    'any client address. Name the addresses of the ingress controller alone, or keep tasks away from the HTTP port by ' +
    'networkPolicy.ingressNamespaces.';

  test('in a network of tasks are told, unless a policy keeps tasks away', () => {
    assert.deepEqual(warnings(trusting('192.0.2.1/32', '10.0.0.0/8')), [shared]);
    const guarded = {
      ...trusting('10.0.0.0/8'),
      networkPolicy: { ingressNamespaces: ['traefik'] },
    };
    assert.deepEqual(warnings(guarded), []);
    const unguarded = { ...guarded, networkPolicy: { enabled: false, ingressNamespaces: ['a'] } };
    assert.deepEqual(warnings(unguarded), [shared]);
    const networks = (ingressNetworks: readonly string[]): Raw => ({
      ...guarded,
      networkPolicy: { ingressNamespaces: ['traefik'], ingressNetworks },
    });
    assert.deepEqual(warnings(networks(['192.0.2.0/24'])), []);
    assert.deepEqual(warnings(networks(['10.244.9.0/24'])), [shared]);
  });

  test('are compared family by family, whichever network is the wider one', () => {
    assert.deepEqual(warnings(trusting('10.244.7.9/32')).length, 1);
    assert.deepEqual(warnings(trusting('10.245.0.0/16', 'fd00::/8')), []);
    assert.deepEqual(warnings(trusting('fd00::/8'), ['fd00:1::/64']).length, 1);
  });
});
