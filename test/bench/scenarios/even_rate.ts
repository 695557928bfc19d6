import { evenLoad } from '../even_load.ts';
import type { RunningPeer } from '../peer.ts';
import { quantile } from '../quantile.ts';
import type { Scenario } from '../scenario.ts';
import { SMALL } from './http.ts';

const RATE = 1_000;

function round(peer: RunningPeer, seconds: number): Promise<readonly number[]> {
  return evenLoad(new URL(`${peer.http}/small`), peer.headers, RATE, Math.ceil(RATE * seconds));
}

/** The worst answers but one in a hundred, while the process has little to do. */
export const EVEN_RATE: Scenario = {
  name: `p99 at an even ${RATE} req/s`,
  unit: 'ms',
  better: 'less',
  goals: [{ of: 'value', comparison: 'at most', against: { ratio: 1, peer: 'Caddy' } }],
  // A process that did nothing for a while is at its worst at first, and a pause of the machine spoils a short turn.
  long: { turn: 5, rounds: 5 },
  warmUp: async (peer, seconds) => {
    await SMALL.run(peer, Math.ceil(seconds / 5));
    // Little traffic takes other ways through a program than much, and compilers come to them after some ten thousand requests.
    if (peer.http !== undefined) await round(peer, 1.5 * seconds);
  },
  run: async (peer, seconds) =>
    peer.http === undefined ? undefined : { value: quantile(await round(peer, seconds), 0.99) },
};
