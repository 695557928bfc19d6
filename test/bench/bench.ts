/**
 * `npm run bench -- [--quick] [--only <part of a scenario's name>] [--json <file>] [--goals]`: this router beside its peers, one
 * core for the process under test, the other for load and backend. All run at once, and take turns in several rounds: what the
 * machine does to one it does to all. Loopback only, bounded in time: about six minutes with `--quick`, three quarters of an hour
 * without. With `--goals` it ends with status 1 where a goal is missed or could not be measured.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBackend } from './backend.ts';
import { has, LOAD } from './machine.ts';
import type { Peer, RunningPeer } from './peer.ts';
import { BARE_DISPATCH } from './peers/bare_dispatch.ts';
import { CADDY } from './peers/caddy.ts';
import { CONFIGURABLE_HTTP_PROXY } from './peers/configurable_http_proxy.ts';
import { DIRECT } from './peers/direct.ts';
import { HAPROXY } from './peers/haproxy.ts';
import { NGINX } from './peers/nginx.ts';
import { ROUTER } from './peers/router.ts';
import { TWO_REPLICAS } from './peers/two_replicas.ts';
import { conclusionOf, jsonOf, summaryOf, tablesOf, verdictsOf } from './report.ts';
import type { ScenarioResult } from './report.ts';
import type { Measurement, Scenario } from './scenario.ts';
import { FAILOVER, measureFailover } from './scenarios/failover.ts';
import { EVEN_RATE } from './scenarios/even_rate.ts';
import { LARGE, MEDIUM, SMALL, UPLOAD } from './scenarios/http.ts';
import { TCP_BULK, TCP_CONNECT } from './scenarios/tcp.ts';
import { measureWarmAccess, WARM_ACCESS } from './scenarios/warm_access.ts';
import { EVENTS, WEBSOCKET_ECHO, WEBSOCKET_IDLE } from './scenarios/web_socket.ts';

/** A result while it is being measured. */
interface OpenResult extends ScenarioResult {
  readonly measured: Map<string, readonly Measurement[]>;
}

/** What the router is compared with. */
const OTHERS = [BARE_DISPATCH, CONFIGURABLE_HTTP_PROXY, CADDY, NGINX, HAPROXY];
const PEERS = [ROUTER, TWO_REPLICAS, ...OTHERS, DIRECT];
const HTTP = [SMALL, EVEN_RATE, MEDIUM, LARGE, UPLOAD];
const SCENARIOS = [...HTTP, TCP_BULK, TCP_CONNECT, WEBSOCKET_ECHO, EVENTS, WEBSOCKET_IDLE];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string' },
    goals: { type: 'boolean', default: false },
  },
});
/** Of a turn. */
const seconds = options.quick ? 1 : 2;
const rounds = options.quick ? 1 : 7;
/** A failover takes as long as it takes. */
const LOSSES_EACH_WAY = 4;

const missing = ['taskset', 'wrk', 'nginx'].filter((command) => !has(command));
if (missing.length > 0 || availableParallelism() < 2) {
  console.error(
    `The bench needs two cores, and these programs, which are missing: ${missing.join(', ')}`,
  );
  console.error(
    'On Debian: apt-get install --no-install-recommends wrk nginx libnginx-mod-stream haproxy caddy',
  );
  process.exit(2);
}
// The load that is made here, and the stand-in for ClearML, share the core of the load.
spawnSync('taskset', ['-cp', LOAD, String(process.pid)]);

const scenarios = SCENARIOS.filter(({ name }) => name.includes(options.only ?? ''));
const folder = mkdtempSync(join(tmpdir(), 'router-bench-'));
// Workers of nginx give up root and must still find the files.
chmodSync(folder, 0o755);
const backend = await startBackend(folder);
try {
  const results: OpenResult[] = scenarios.map((scenario) => ({ scenario, measured: new Map() }));
  for (const result of results.filter(({ scenario }) => scenario.fresh === true)) {
    for (const peer of PEERS) {
      const running = await started(peer, result.scenario);
      if (running === undefined) continue;
      await turn(peer, running, result, seconds);
      await running.stop();
    }
  }
  await measureTogether(results.filter(({ scenario }) => scenario.fresh !== true));
  const all: ScenarioResult[] = [...results];
  if (WARM_ACCESS.name.includes(options.only ?? '')) all.push(await measureWarmAccess(4 * seconds));
  const failover = FAILOVER.filter(({ scenario }) => scenario.name.includes(options.only ?? ''));
  if (failover.length > 0) {
    all.push(...(await measureFailover(failover, folder, options.quick ? 1 : LOSSES_EACH_WAY)));
  }
  const verdicts = verdictsOf(all);
  const names = OTHERS.map(({ name }) => name);
  console.log(tablesOf(all));
  console.log(`\n### Summary: how many times better the router is\n\n${summaryOf(all, names)}`);
  console.log(`\n${conclusionOf(verdicts)}`);
  if (options.goals && verdicts.some(({ met }) => !met)) process.exitCode = 1;
  if (options.json !== undefined) writeFileSync(options.json, `${jsonOf(all, seconds)}\n`);
} finally {
  await backend.stop();
  rmSync(folder, { recursive: true, force: true });
}
// What a peer that did not start has left running would keep this process.
process.exit();

/** Starts a peer; one that is not there or does not start is said and left out. */
async function started(
  peer: Peer,
  ...wanted: readonly Scenario[]
): Promise<RunningPeer | undefined> {
  if (!wanted.some((scenario) => takesPart(peer, scenario))) return undefined;
  const lacks = peer.lacks();
  if (lacks !== undefined) {
    console.error(`${peer.name}: left out, this machine lacks ${lacks}`);
    return undefined;
  }
  const own = mkdtempSync(join(folder, 'peer-'));
  chmodSync(own, 0o755);
  try {
    return await peer.start(backend, own);
  } catch (error) {
    console.error(`${peer.name}: left out: ${String(error)}`);
    return undefined;
  }
}

function takesPart({ only }: Peer, { name }: Scenario): boolean {
  return only?.includes(name) ?? true;
}

/** One turn of a peer. False when it failed, or offers nothing of the kind. */
async function turn(
  peer: Peer,
  running: RunningPeer,
  { scenario, measured }: OpenResult,
  turnSeconds: number,
): Promise<boolean> {
  try {
    const measurement = await scenario.run(running, turnSeconds);
    if (measurement === undefined) return false;
    const before = measured.get(peer.name) ?? [];
    measured.set(peer.name, [...before, measurement]);
    return true;
  } catch (error) {
    console.error(`${peer.name}: ${scenario.name} failed: ${String(error)}`);
    measured.delete(peer.name);
    return false;
  }
}

/** Rounds in which all peers take turns, in the opposite order every second time. */
async function measureTogether(results: readonly OpenResult[]): Promise<void> {
  const running = new Map<Peer, RunningPeer>();
  for (const peer of PEERS) {
    const one = await started(peer, ...results.map(({ scenario }) => scenario));
    if (one !== undefined) running.set(peer, one);
  }
  for (const result of results) {
    const { scenario } = result;
    const taking = new Map([...running].filter(([peer]) => takesPart(peer, scenario)));
    process.stderr.write(`${scenario.name}\n`);
    const turnSeconds = seconds * (scenario.long?.turn ?? 1);
    const turns = options.quick ? 1 : (scenario.long?.rounds ?? rounds);
    for (const one of taking.values()) {
      // What fails here fails in its first turn, too, and is told then.
      await (scenario.warmUp ?? scenario.run)(one, 2 * turnSeconds).catch(() => undefined);
    }
    for (let round = 0; round < turns; round += 1) {
      const order = [...taking];
      for (const [peer, one] of round % 2 === 0 ? order : order.toReversed()) {
        if (!(await turn(peer, one, result, turnSeconds))) taking.delete(peer);
      }
    }
  }
  for (const one of running.values()) await one.stop();
}
