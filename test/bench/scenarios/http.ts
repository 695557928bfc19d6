import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuOf, output } from '../machine.ts';
import type { RunningPeer } from '../peer.ts';
import { atLeast, cpuAtMost } from '../scenario.ts';
import type { Measurement, Scenario } from '../scenario.ts';

const CHP = 'configurable-http-proxy';

/** One round of wrk, of whole seconds: requests a second, and the CPU of the processes under test for each. */
async function wrk(
  peer: RunningPeer,
  path: string,
  connections: number,
  seconds: number,
  script?: string,
): Promise<Measurement | undefined> {
  if (peer.http === undefined) return undefined;
  const headers = Object.entries(peer.headers).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ]);
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}`,
    '--timeout',
    '10s',
    ...headers,
    ...(script === undefined ? [] : ['-s', script]),
    peer.http + path,
  ];
  const before = cpuOf(peer.pids);
  const text = await output('wrk', args);
  const used = cpuOf(peer.pids) - before;
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`answers were wrong:\n${text}`);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0);
  if (requests === 0) throw new Error('no answer within the time of the measurement');
  return { value: rate, cpu: (used / requests) * 1e6 };
}

export const SMALL: Scenario = {
  name: 'small answers, 64 connections',
  unit: 'req/s',
  better: 'more',
  goals: [
    atLeast(1.5, 'Caddy'),
    atLeast(2.3, CHP),
    atLeast(0.2, 'nginx'),
    cpuAtMost(1.3, 'bare dispatch'),
    { ...cpuAtMost(1.25, 'router'), subject: 'router, 2 replicas' },
  ],
  run: (peer, seconds) => wrk(peer, '/small', 64, seconds),
};

export const MEDIUM: Scenario = {
  name: '100 KiB answers, 64 connections',
  unit: 'req/s',
  better: 'more',
  goals: [atLeast(2, CHP)],
  run: (peer, seconds) => wrk(peer, '/100k', 64, seconds),
};

export const LARGE: Scenario = {
  name: '10 MiB answers, 8 connections',
  unit: 'req/s',
  better: 'more',
  goals: [atLeast(0.5, 'nginx')],
  run: (peer, seconds) => wrk(peer, '/10m', 8, seconds),
};

export const UPLOAD: Scenario = {
  name: '1 MiB uploads, 16 connections',
  unit: 'req/s',
  better: 'more',
  goals: [atLeast(1.2, CHP)],
  run: async (peer, seconds) => {
    const folder = mkdtempSync(join(tmpdir(), 'router-bench-'));
    const script = join(folder, 'upload.lua');
    writeFileSync(script, 'wrk.method = "PUT"\nwrk.body = string.rep("x", 1048576)\n');
    try {
      return await wrk(peer, '/upload', 16, seconds, script);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
