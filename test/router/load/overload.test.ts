import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Registry } from 'prom-client';
import { watchOverload } from '../../../router/load/overload.ts';
import type { Strain } from '../../../router/load/overload.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { createMetrics } from '../../../router/telemetry/metrics.ts';
import { HOST, LET_IN, T, attacked, until } from '../../support/attacked.ts';
import { OK, header } from '../../support/raw_peers.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';
import type { Socket } from 'node:net';

const EASY: Strain = { delay: 1, memory: 0.3 };

function watched(bounds = { delay: 500, memory: 0.9 }) {
  const lines: string[] = [];
  const metrics = createMetrics(new Registry());
  let strain = EASY;
  const overload = watchOverload(
    bounds,
    { log: createLog('info', { write: (line) => lines.push(line) }), metrics },
    { read: () => strain, close: () => undefined },
  );
  return {
    overload,
    lines,
    metrics,
    see: (next: Strain): boolean => {
      strain = next;
      overload.look();
      return overload.active;
    },
  };
}

suite('overload', () => {
  test('begins at its bound, ends well below it, and is told once each time', async (t) => {
    const { overload, see, lines, metrics } = watched();
    t.after(() => overload.close());
    assert.equal(see(EASY), false);
    assert.equal(see({ delay: 499, memory: 0.3 }), false);
    assert.equal(see({ delay: 501, memory: 0.3 }), true);
    assert.equal((await metrics.overloaded.get()).values[0]?.value, 1);
    assert.equal(see({ delay: 300, memory: 0.3 }), true);
    assert.equal(see({ delay: 240, memory: 0.3 }), false);
    assert.equal(see({ delay: 1, memory: 0.91 }), true);
    assert.equal(see({ delay: 1, memory: 0.85 }), true);
    assert.equal(see({ delay: 1, memory: 0.8 }), false);
    assert.equal((await metrics.overloaded.get()).values[0]?.value, 0);
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      events.map(({ event }) => event),
      ['overload', 'overload_ended', 'overload', 'overload_ended'],
    );
    assert.equal(events[2]?.['memoryPercent'], 91);
  });

  test('a bound of 0 is not looked at', (t) => {
    const { overload, see } = watched({ delay: 0, memory: 0 });
    t.after(() => overload.close());
    assert.equal(see({ delay: 60_000, memory: 1 }), false);
  });

  test('sheds new requests and upgrades, and lets go on what runs', async (t) => {
    const overload = { active: false, look: () => undefined };
    const waiting: Socket[] = [];
    const attack = await attacked(
      t,
      ({ socket, text }) => {
        if (text().endsWith('\r\n\r\n')) waiting.push(socket);
      },
      { overload },
    );
    const running = await attack.client();
    running.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    await until(() => waiting.length === 1);
    overload.active = true;
    const later = await attack.client();
    later.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    const refused = await later.answer();
    assert.equal(refused.status, 503);
    assert.equal(header(refused, 'retry-after'), '5');
    assert.notEqual(header(refused, 'connection'), 'close', 'to connect anew costs more');
    const upload = await attack.client();
    upload.send(`POST ${T}/ HTTP/1.1`, HOST, LET_IN, 'Content-Length: 1000000', '', '');
    assert.equal(header(await upload.answer(), 'connection'), 'close');
    const upgrade = await attack.client();
    upgrade.send(`GET ${T}/ws HTTP/1.1`, HOST, LET_IN, ...HANDSHAKE, '', '');
    assert.equal((await upgrade.answer()).status, 503);
    assert.equal(waiting.length, 1);
    waiting[0]?.write(OK);
    assert.equal((await running.answer()).status, 200);
    overload.active = false;
    later.send(`GET ${T}/ HTTP/1.1`, HOST, LET_IN, '', '');
    await until(() => waiting.length + attack.task.connections.length >= 2);
  });
});
