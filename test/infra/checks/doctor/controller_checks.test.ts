import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { controllerChecks } from '../../../../infra/checks/doctor/controller_checks.ts';
import { linesOf } from '../find.ts';
import { parsedConfig } from '../../parsed_config.ts';
import { smallest } from '../../stacks.ts';

type Raw = Readonly<Record<string, unknown>>;

async function lines(
  config: Raw,
  read: () => Promise<unknown> = () => Promise.resolve(undefined),
): Promise<readonly string[]> {
  const checks = controllerChecks(parsedConfig({ ...smallest, ...config }), { read });
  return (await linesOf(checks)).lines;
}

suite('time limits of controllers', () => {
  const limits: readonly (readonly [className: string, lines: readonly string[]])[] = [
    [
      'traefik',
      [
        '• time limits of traefik: from 2.11.2 on it ends uploads that take more than 60 seconds',
        '    Set readTimeout of its entry points: --entryPoints.websecure.transport.respondingTimeouts.readTimeout=0',
      ],
    ],
    [
      'haproxy',
      [
        "• time limits of haproxy: HAProxy Technologies' own ends WebSockets that are quiet for an hour",
        '    Set timeout-tunnel in its ConfigMap.',
      ],
    ],
    [
      'contour',
      [
        '• time limits of contour: it ends streams and WebSockets that are quiet for 5 minutes',
        '    Set timeouts.stream-idle-timeout in its configuration, for example to 1h.',
      ],
    ],
    ['nginx', []],
  ];
  for (const [className, expected] of limits) {
    test(`are told of ${className} as far as no annotation sets them`, async () => {
      assert.deepEqual(await lines({ ingress: { ...smallest.ingress, className } }), expected);
    });
  }

  const gateway = { enabled: true, parentRefs: [{ name: 'public' }] };
  const crd = (version: string, channel = 'standard') => ({
    metadata: {
      annotations: {
        'gateway.networking.k8s.io/bundle-version': version,
        'gateway.networking.k8s.io/channel': channel,
      },
    },
  });

  test('of an HTTPRoute need Gateway API 1.2', async () => {
    const of = (object: unknown): Promise<readonly string[]> =>
      lines({ gateway }, () => Promise.resolve(object));
    const fix =
      '    Upgrade the CRDs of gateway.networking.k8s.io to 1.2, or set gateway.requestTimeout to none.';
    assert.deepEqual(await of(crd('v1.1.0')), [
      '✖ time limit of the HTTPRoute: Gateway API v1.1.0 has none',
      fix,
    ]);
    const known = '✔ time limit of the HTTPRoute: Gateway API v1.1.0 has it';
    assert.deepEqual(await of(crd('v1.1.0', 'experimental')), [known]);
    assert.deepEqual(await of(crd('v1.2.1')), [known.replace('v1.1.0', 'v1.2.1')]);
    assert.deepEqual(await of(undefined), [
      '• time limit of the HTTPRoute: could not be looked at: the CRD does not tell its version',
      fix,
    ]);
    const refused = () => Promise.reject(new Error('403 forbidden'));
    assert.deepEqual(await lines({ gateway }, refused), [
      '• time limit of the HTTPRoute: could not be looked at: 403 forbidden',
      fix,
    ]);
  });

  test('of an HTTPRoute are not asked for where it gets none', async () => {
    assert.deepEqual(await lines({ gateway: { ...gateway, requestTimeout: 'none' } }), []);
    assert.deepEqual(await lines({ gateway: { ...gateway, controller: 'gke' } }), []);
  });
});
