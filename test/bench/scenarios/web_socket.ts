import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { cpuOf, memoryOf } from '../machine.ts';
import type { RunningPeer } from '../peer.ts';
import { median } from '../quantile.ts';
import { cpuAtMost } from '../scenario.ts';
import type { Scenario } from '../scenario.ts';

const CHP = 'configurable-http-proxy';

async function open(peer: RunningPeer, url: string): Promise<WebSocket> {
  const client = new WebSocket(`${url.replace('http', 'ws')}/echo`, {
    headers: peer.headers,
    perMessageDeflate: false,
  });
  await once(client, 'open');
  return client;
}

export const WEBSOCKET_ECHO: Scenario = {
  name: 'WebSocket echo, 32 clients',
  unit: 'msg/s',
  better: 'more',
  goals: [cpuAtMost(1, CHP)],
  run: async (peer, seconds) => {
    const url = peer.webSocket;
    if (url === undefined) return undefined;
    const clients = await Promise.all(Array.from({ length: 32 }, () => open(peer, url)));
    const message = Buffer.alloc(64, 1);
    let count = 0;
    const before = cpuOf(peer.pids);
    for (const client of clients) {
      client.on('message', () => {
        count += 1;
        client.send(message);
      });
      client.send(message);
    }
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const measured = { value: count / seconds, cpu: ((cpuOf(peer.pids) - before) / count) * 1e6 };
    for (const client of clients) client.terminate();
    return measured;
  },
};

export const WEBSOCKET_IDLE: Scenario = {
  name: 'memory of an idle WebSocket',
  unit: 'KiB',
  better: 'less',
  goals: [{ of: 'value', comparison: 'at most', against: { absolute: 25 } }],
  // Memory that earlier load has left behind would be used again, and count as nothing.
  fresh: true,
  run: async (peer, seconds) => {
    const url = peer.webSocket;
    if (url === undefined) return undefined;
    // Far more than the first ones, whose memory the process had before.
    const count = seconds < 2 ? 500 : 3_000;
    const warm = await Promise.all(Array.from({ length: 50 }, () => open(peer, url)));
    const before = memoryOf(peer.pids);
    const clients: WebSocket[] = [];
    while (clients.length < count) {
      clients.push(...(await Promise.all(Array.from({ length: 50 }, () => open(peer, url)))));
    }
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const grown = memoryOf(peer.pids) - before;
    for (const client of [...warm, ...clients]) client.terminate();
    return { value: grown / 1024 / count };
  },
};

export const EVENTS: Scenario = {
  name: 'delay of a server-sent event (median)',
  unit: 'ms',
  better: 'less',
  goals: [{ of: 'value', comparison: 'at most', against: { above: 0.2, peer: 'direct' } }],
  run: async (peer, seconds) => {
    if (peer.webSocket === undefined) return undefined;
    const delays: number[] = [];
    const streams = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const sent = request(`${peer.webSocket}/events`, { headers: peer.headers }).end();
        const [response] = (await once(sent, 'response')) as [IncomingMessage];
        const lines = createInterface({ input: response });
        // The end of the measurement cuts the stream.
        lines.on('error', () => undefined);
        lines.on('line', (line) => {
          if (!line.startsWith('data: ')) return;
          delays.push(
            performance.timeOrigin + performance.now() - Number(line.slice('data: '.length)),
          );
        });
        sent.on('error', () => undefined);
        return sent;
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    for (const stream of streams) stream.destroy();
    if (delays.length === 0) throw new Error('no event came');
    return { value: median(delays) };
  },
};
