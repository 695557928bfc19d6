import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ingress } from '../../../infra/config/sections/ingress.ts';

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
    test(`of class ${className ?? 'none'} is ${controller}`, () => {
      assert.equal(ingress.parse({ hostName: 'a.example.com', className }).controller, controller);
    });
  }

  test('is the one that config names', () => {
    const named = { hostName: 'a.example.com', className: 'nginx', controller: 'other' } as const;
    assert.equal(ingress.parse(named).controller, 'other');
  });
});
