import { chmodSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { BALANCING_CADDY } from '../failover/caddy.ts';
import { episode, type Episode } from '../failover/episode.ts';
import { BALANCING_HAPROXY } from '../failover/haproxy.ts';
import type { Balancing, BalancingPeer } from '../failover/peer.ts';
import { BALANCING_ROUTER } from '../failover/router.ts';
import { METHODS, type Method, type Sent } from '../failover/steady_load.ts';
import { Task, type Loss } from '../failover/tasks.ts';
import { output } from '../machine.ts';
import type { ScenarioResult } from '../report.ts';
import type { Goal, Measurement, Scenario } from '../scenario.ts';

const PEERS = [BALANCING_ROUTER, BALANCING_CADDY, BALANCING_HAPROXY];
const OTHERS = [BALANCING_CADDY.name, BALANCING_HAPROXY.name];
const TASKS = ['one', 'two', 'three'];

const LOSSES: readonly Loss[] = ['killed', 'closed', 'silent'];
const WORDS: Readonly<Record<Loss, string>> = {
  killed: 'killed',
  closed: 'its port closed',
  silent: 'stopped (SIGSTOP)',
};
/** Milliseconds; longer than it takes any of them to find out. */
const LOST_FOR: Readonly<Record<Loss, number>> = { killed: 4_000, closed: 4_000, silent: 7_000 };
/** Each round loses the task for longer than the one before, so that it comes back at another distance from the checks. */
const LONGER_EACH_ROUND = 300;
/** Milliseconds between two checks of a task. */
const CHECKED_EVERY = 2_000;

/** One figure of episodes. */
interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly sums: boolean;
  readonly byMethod: boolean;
  /** By how much the router may be worse than another; undefined: it is no goal. */
  readonly tolerance: (loss: Loss) => number | undefined;
  readonly of: (episode: Episode, failed: readonly Sent[]) => number;
}

const FIGURES: readonly Figure[] = [
  {
    name: 'under way when it was lost, and failed',
    unit: 'requests',
    sums: true,
    byMethod: true,
    // What a killed process has in hand is chance.
    tolerance: () => undefined,
    of: ({ lostAt }, failed) => failed.filter(({ at }) => at < lostAt).length,
  },
  {
    name: 'sent after it was lost, and failed',
    unit: 'requests',
    sums: true,
    byMethod: true,
    // How many meet a silent one before a check finds it is chance, where all choose by the least in flight.
    tolerance: (loss) => (loss === 'silent' ? 10 : 0),
    of: ({ lostAt }, failed) => failed.filter(({ at }) => at >= lostAt).length,
  },
  {
    name: 'from the loss to the last that failed',
    unit: 'ms',
    sums: false,
    byMethod: true,
    tolerance: (loss) => (loss === 'silent' ? 250 : 0),
    of: ({ lostAt }, failed) => Math.max(0, ...failed.map(({ at }) => at - lostAt)),
  },
  {
    name: 'from its return to its next answer',
    unit: 'ms',
    sums: false,
    byMethod: false,
    tolerance: () => 100,
    of: ({ away }) => away,
  },
];

function goalsOf({ tolerance }: Figure, loss: Loss): readonly Goal[] {
  const above = tolerance(loss);
  if (above === undefined) return [];
  return OTHERS.map((peer) => ({
    of: 'value',
    comparison: 'at most',
    against: { above, peer },
  }));
}

interface Row {
  readonly loss: Loss;
  readonly figure: Figure;
  readonly scenario: Scenario;
}

/** One of three tasks of a route is lost under steady load, and comes back: what fails, and for how long. */
export const FAILOVER: readonly Row[] = LOSSES.flatMap((loss) =>
  FIGURES.map((figure) => ({
    loss,
    figure,
    scenario: {
      name: `failover, ${WORDS[loss]}: ${figure.name}`,
      unit: figure.unit,
      better: 'less',
      sums: figure.sums,
      goals: goalsOf(figure, loss),
      // Measured by measureFailover, for one episode gives several figures.
      run: () => Promise.resolve(undefined),
    },
  })),
);

function measurementOf({ of, byMethod }: Figure, seen: Episode): Measurement {
  const value = of(seen, seen.failed);
  if (!byMethod) return { value };
  const by = (method: Method): number =>
    of(
      seen,
      seen.failed.filter((sent) => sent.method === method),
    );
  const parts = Object.fromEntries(METHODS.map((method) => [method, by(method)]));
  return { value, parts };
}

/** How the requests failed, for whoever watches. */
function reasonsOf({ failed }: Episode): string {
  const counts = new Map<string, number>();
  for (const { failure = '' } of failed) counts.set(failure, (counts.get(failure) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} × ${reason}`).join(', ');
}

interface Started {
  readonly peer: BalancingPeer;
  readonly tasks: readonly Task[];
  readonly balancing: Balancing;
}

async function start(peer: BalancingPeer, folder: string): Promise<Started | undefined> {
  const lacks = peer.lacks();
  if (lacks !== undefined) {
    console.error(`${peer.name}: left out, this machine lacks ${lacks}`);
    return undefined;
  }
  const own = mkdtempSync(join(folder, 'balancing-'));
  chmodSync(own, 0o755);
  const tasks = await Promise.all(TASKS.map((name) => Task.start(name)));
  const balancing = await peer.start(tasks, own);
  // A process that has done nothing yet compiles while it serves: where the machine is busy, that alone makes clients give up.
  const headers = Object.entries(balancing.headers).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ]);
  await output('wrk', ['-t1', '-c64', '-d6', '--timeout', '10s', ...headers, balancing.url]);
  return { peer, tasks, balancing };
}

/**
 * Loses a task of each peer in each way, in turns, in the opposite order every second time, and at another distance from the check
 * before it in each round, which is the same for all.
 */
export async function measureFailover(
  rows: readonly Row[],
  folder: string,
  rounds: number,
): Promise<readonly ScenarioResult[]> {
  const measured = new Map(rows.map((row) => [row, new Map<string, readonly Measurement[]>()]));
  const started: Started[] = [];
  for (const peer of PEERS) {
    const one = await start(peer, folder);
    if (one !== undefined) started.push(one);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const loss of LOSSES) {
      const wanted = [...measured].filter(([row]) => row.loss === loss);
      if (wanted.length === 0) continue;
      process.stderr.write(`failover, ${WORDS[loss]}, ${round + 1} of ${rounds}\n`);
      const plan = {
        loss,
        afterCheck: ((round + 0.5) / rounds) * CHECKED_EVERY,
        lostFor: LOST_FOR[loss] + round * LONGER_EACH_ROUND,
      };
      const seen = new Map<string, Episode>();
      for (const { peer, tasks, balancing } of round % 2 === 0 ? started : started.toReversed()) {
        const lost = tasks[round % tasks.length];
        if (lost === undefined) continue;
        try {
          seen.set(peer.name, await episode(balancing, tasks, lost, plan));
        } catch (error) {
          console.error(`${peer.name}: this round is left out: ${String(error)}`);
        }
      }
      // Rounds are compared one by one.
      if (seen.size < started.length) continue;
      for (const [name, each] of seen) {
        if (each.failed.length > 0) process.stderr.write(`  ${name}: ${reasonsOf(each)}\n`);
        for (const [{ figure }, of] of wanted) {
          of.set(name, [...(of.get(name) ?? []), measurementOf(figure, each)]);
        }
      }
    }
  }
  for (const { tasks, balancing } of started) {
    await balancing.stop();
    for (const task of tasks) task.stop();
  }
  return [...measured].map(([{ scenario }, each]) => ({ scenario, measured: each }));
}
