import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { tcpSession } from '../../infra/config/tcp_session.ts';
import { ownPorts, portsOf } from '../../infra/ports.ts';
import type { StackConfig } from '../../infra/config/schema.ts';

const anyPort = fc.integer({ min: -5, max: 65_540 });

suite('ports of a range', () => {
  test('a range is accepted exactly when it is in order, in bounds and not too long', () => {
    fc.assert(
      fc.property(anyPort, anyPort, (start, end) => {
        const valid =
          start >= 1 &&
          end <= 65_535 &&
          end >= 1 &&
          start <= 65_535 &&
          start <= end &&
          end - start < 2048;
        assert.equal(tcpSession.safeParse({ portRange: { start, end } }).success, valid);
      }),
    );
  });

  test('every port once, in order, with a name that Kubernetes takes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_000 }), fc.nat(535), (start, length) => {
        const ports = portsOf({ start, end: start + length });
        assert.equal(ports.length, length + 1);
        assert.equal(ports[0], start);
        assert.equal(ports.at(-1), start + length);
        assert.ok(ports.every((port) => `tcp-${port}`.length <= 15));
      }),
    );
  });

  test("the router's own ports are two, unprivileged and outside of the range", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), fc.nat(2047), (start, length) => {
        const end = Math.min(start + length, 65_535);
        const config = { tcpSession: { portRange: { start, end } } } as StackConfig;
        const { http, admin } = ownPorts(config);
        assert.notEqual(http, admin);
        for (const port of [http, admin]) {
          assert.ok(port >= 1024 && port <= 65_535);
          assert.ok(port < start || port > end, `${port} lies in ${start} to ${end}`);
        }
      }),
    );
  });
});
