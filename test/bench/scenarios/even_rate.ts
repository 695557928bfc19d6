import { Agent, request } from 'node:http';
import type { RunningPeer } from '../peer.ts';
import type { Scenario } from '../scenario.ts';

const RATE = 1_000;

/** The value below which `share` of the sorted values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** A pause of the machine in one of the rounds says nothing of a peer: the round in the middle counts. */
const ROUNDS = 5;

/** One round: milliseconds from the moment at which each request was due to its answer. */
async function round(peer: RunningPeer, agent: Agent, total: number): Promise<readonly number[]> {
  const url = new URL(`${peer.http}/small`);
  const times: number[] = [];
  let failures = 0;
  await new Promise<void>((resolve) => {
    const began = performance.now();
    let sent = 0;
    let done = 0;
    const finish = (): void => {
      done += 1;
      if (done === total) resolve();
    };
    const timer = setInterval(() => {
      const owed = Math.min(total, Math.floor(((performance.now() - began) * RATE) / 1_000));
      for (; sent < owed; sent += 1) {
        const due = began + (sent * 1_000) / RATE;
        request(url, { agent, headers: peer.headers }, (response) => {
          if (response.statusCode !== 200) failures += 1;
          response.resume().once('end', () => {
            times.push(performance.now() - due);
            finish();
          });
        })
          .once('error', () => {
            failures += 1;
            finish();
          })
          .end();
      }
      if (sent === total) clearInterval(timer);
    }, 1);
  });
  if (failures > 0) throw new Error(`${failures} of ${total} requests failed`);
  return times;
}

/**
 * Requests at an even rate, whatever the answers do: each is timed from the moment at which it was due, so that a pause counts
 * against all that it kept waiting (no coordinated omission).
 */
export const EVEN_RATE: Scenario = {
  name: `p99 at an even ${RATE} req/s`,
  unit: 'ms',
  better: 'less',
  goals: [{ of: 'value', comparison: 'at most', against: { ratio: 1, peer: 'Caddy' } }],
  run: async (peer, seconds) => {
    if (peer.http === undefined) return undefined;
    const agent = new Agent({ keepAlive: true, maxSockets: 256 });
    await round(peer, agent, RATE);
    const each: number[] = [];
    for (let turn = 0; turn < ROUNDS; turn += 1) {
      const total = Math.ceil((RATE * seconds) / ROUNDS);
      each.push(quantile(await round(peer, agent, total), 0.99));
    }
    agent.destroy();
    return { value: quantile(each, 0.5) };
  },
};
