import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { settledConfig } from '../settled_config.ts';
import { smallest } from '../stacks.ts';

const { hostName } = smallest.ingress;

function controllerOf(ingress: Readonly<Record<string, unknown>>, told = {}): string | undefined {
  return settledConfig({ ...smallest, ingress: { hostName, ...ingress } }, told).ingress.controller;
}

suite('the controller of an Ingress', () => {
  const classes: readonly (readonly [className: string | undefined, controller: string])[] = [
    ['traefik', 'traefik'],
    ['nginx-internal', 'nginx'],
    ['public.haproxy', 'haproxy'],
    ['alb', 'alb'],
    ['gce-internal', 'gke'],
    ['contour', 'contour'],
    ['nginxish', 'other'],
    ['constructor', 'other'],
    [undefined, 'other'],
  ];
  for (const [className, controller] of classes) {
    test(`of a class that the cluster has not, called ${className ?? 'nothing'}, is ${controller}`, () => {
      assert.equal(controllerOf(className === undefined ? {} : { className }), controller);
    });
  }

  test('is the one that config names', () => {
    assert.equal(controllerOf({ className: 'nginx', controller: 'other' }), 'other');
  });

  const ingressClasses = [
    { name: 'nginx', controller: 'nginx.org/ingress-controller', isDefault: false },
    { name: 'public', controller: 'k8s.io/ingress-nginx', isDefault: false },
    { name: 'web', controller: 'haproxy.org/ingress-controller/web', isDefault: true },
  ];

  test('is told by the class of the cluster, whatever its name', () => {
    assert.equal(controllerOf({ className: 'nginx' }, { ingressClasses }), 'nginx-f5');
    assert.equal(controllerOf({ className: 'public' }, { ingressClasses }), 'nginx');
  });

  test('is that of the default class where none is named', () => {
    assert.equal(controllerOf({}, { ingressClasses }), 'haproxy');
  });

  test('is told by the annotation of old, too', () => {
    const annotations = { 'kubernetes.io/ingress.class': 'public' };
    assert.equal(controllerOf({ annotations }, { ingressClasses }), 'nginx');
  });

  test('is what the platform brings where there is no class', () => {
    assert.equal(controllerOf({}, { gitVersion: 'v1.33.4-gke.1000' }), 'gke');
  });

  test('has to be named where neither config nor cluster tells the class', () => {
    assert.throws(() => controllerOf({}, { ingressClasses: undefined, trouble: '403 forbidden' }), {
      code: 'config-invalid',
      message:
        'The config of stack test has one problem; nothing was changed.\n' +
        '  ingress.controller: missing, and the cluster could not be asked what serves the ingress class (403 forbidden). ' +
        'Name it: pulumi config set --path ingress.controller nginx\n' +
        'infra/README.md lists every key.',
    });
    assert.equal(controllerOf({ className: 'nginx' }, { ingressClasses: undefined }), 'nginx');
  });
});
