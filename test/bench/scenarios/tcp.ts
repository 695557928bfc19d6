import { once } from 'node:events';
import { connect } from 'node:net';
import { cpuOf } from '../machine.ts';
import { atLeast } from '../scenario.ts';
import type { Scenario } from '../scenario.ts';

export const TCP_BULK: Scenario = {
  name: 'TCP bulk, 4 connections',
  unit: 'MB/s',
  better: 'more',
  goals: [atLeast(0.6, 'haproxy'), atLeast(0.85, 'nginx')],
  run: async (peer, seconds) => {
    const port = peer.tcp;
    if (port === undefined) return undefined;
    let bytes = 0;
    const sink = {
      buffer: Buffer.alloc(256 << 10),
      callback: (length: number) => {
        bytes += length;
        return true;
      },
    };
    const sockets = Array.from({ length: 4 }, () =>
      connect({ port, host: '127.0.0.1', onread: sink }),
    );
    for (const socket of sockets) {
      // A peer that breaks off shows in its figure.
      socket.on('error', () => undefined);
      socket.write('go');
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const [before, cpu, began] = [bytes, cpuOf(peer.pids), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const moved = bytes - before;
    const megabytes = moved / 1e6;
    const took = (performance.now() - began) / 1_000;
    const used = cpuOf(peer.pids) - cpu;
    for (const socket of sockets) socket.destroy();
    return { value: megabytes / took, cpu: (used / megabytes) * 1e6 };
  },
};

export const TCP_CONNECT: Scenario = {
  name: 'new TCP connections, one byte each way',
  unit: 'conn/s',
  better: 'more',
  goals: [atLeast(0.4, 'haproxy')],
  run: async (peer, seconds) => {
    const port = peer.tcp;
    if (port === undefined) return undefined;
    const before = cpuOf(peer.pids);
    const until = performance.now() + seconds * 1_000;
    let count = 0;
    const one = async (): Promise<void> => {
      while (performance.now() < until) {
        const socket = connect(port, '127.0.0.1');
        socket.write('1');
        await once(socket, 'data');
        // A reset leaves no port in TIME_WAIT: the load would run out of them.
        socket.resetAndDestroy();
        count += 1;
      }
    };
    await Promise.all(Array.from({ length: 64 }, one));
    return { value: count / seconds, cpu: ((cpuOf(peer.pids) - before) / count) * 1e6 };
  },
};
