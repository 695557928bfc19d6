import { Agent, request } from 'node:http';
import type { Scenario } from '../scenario.ts';

const RATE = 1_000;

/** The value below which `share` of the sorted values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * Requests at an even rate, whatever the answers do: each is timed from the moment at which it was due, so that a pause counts
 * against all that it kept waiting (no coordinated omission).
 */
export const EVEN_RATE: Scenario = {
  name: `p99 at an even ${RATE} req/s`,
  unit: 'ms',
  goals: [{ peer: 'Caddy', of: 'value', comparison: 'at most', times: 1 }],
  run: async (peer, seconds) => {
    if (peer.http === undefined) return undefined;
    const agent = new Agent({ keepAlive: true, maxSockets: 256 });
    const url = new URL(`${peer.http}/small`);
    const total = RATE * seconds;
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
    agent.destroy();
    if (failures > 0) throw new Error(`${failures} of ${total} requests failed`);
    return { value: quantile(times, 0.99) };
  },
};
