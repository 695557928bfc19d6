import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { tcpSession } from '../../../../infra/config/sections/tcp_session.ts';
import { podRange, OWN_PORTS } from '../../../../infra/config/decisions/ports.ts';
import { readSettings } from '../../../../router/settings/settings.ts';
import { listenPortOf, portsOf } from '../../../../router/settings/tcp_range.ts';

const anyPort = fc.integer({ min: -5, max: 65_540 });

/** A range that config takes; half of them begin near what a pod cannot listen on. */
const anyRange = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 8_100 })),
    fc.nat(2047),
  )
  .map(([start, length]) => ({ start, end: Math.min(start + length, 65_535) }));

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

  const own: readonly number[] = [8080, 8081, 8082];

  test('load balancers ask for health at a port that pods of the first version answer at, too', () => {
    const first = readFileSync(
      new URL('../../fixtures/first_version.json', import.meta.url),
      'utf8',
    );
    const ports = /"ports": (\[[^\]]*"name": "admin"[^\]]*\])/.exec(first)?.[1] ?? '[]';
    const admin = (JSON.parse(ports) as readonly { name: string; containerPort: number }[]).find(
      ({ name }) => name === 'admin',
    );
    assert.match(first, /"path": "\/readyz",\s+"port": "admin"/);
    assert.equal(admin?.containerPort, 8081);
    assert.deepEqual(OWN_PORTS, { http: 8080, health: 8081, admin: 8082 });
  });

  test('every legal range leads to ports of the pod one to one, in order, unprivileged and none of its own', () => {
    fc.assert(
      fc.property(anyRange, (range) => {
        const inside = podRange(range);
        const [from, to] = [portsOf(range), portsOf(inside)];
        // As many, each once, in order: a bijection.
        assert.equal(to.length, from.length);
        assert.equal(new Set(to).size, to.length);
        for (const [index, port] of to.entries()) {
          assert.equal(port - inside.start, index);
          assert.ok(port >= 1024 && port <= 65_535, `${port} is privileged or none`);
          assert.ok(!own.includes(port), `${port} is the router's`);
        }
        const fits = range.start >= 1024 && !own.some((port) => from.includes(port));
        assert.deepEqual(inside, fits ? range : { ...inside, start: 20_000 });
      }),
      { numRuns: 300 },
    );
  });

  test("the router's settings take each such range, and the process listens where the Service leads to", () => {
    fc.assert(
      fc.property(anyRange, (range) => {
        const { start } = podRange(range);
        const settings = readSettings({
          ROUTER_URL: 'https://tasks.example.com',
          CLEARML_API_HOST: 'https://api.clearml.example.com',
          CLEARML_API_ACCESS_KEY: 'ACCESS',
          CLEARML_API_SECRET_KEY: 'SECRET',
          AUTH_BASE64_JWKS_KEY: 'c2lnbmluZy1rZXk',
          TCP_ROUTER_ADDRESS: 'ssh.example.com',
          TCP_PORT_START: String(range.start),
          TCP_PORT_END: String(range.end),
          TCP_LISTEN_START: String(start),
        });
        const listenPort = listenPortOf(settings);
        assert.equal(listenPort(range.start), start);
        assert.equal(listenPort(range.end), podRange(range).end);
      }),
    );
  });
});
