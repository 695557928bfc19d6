/**
 * `npm run bench -- [--quick | --seconds <each>] [--only <part of a scenario's name>] [--json <file>] [--goals]`: this router
 * beside its peers, one core for the process under test, the other for load and backend. Loopback only, bounded in time: about two
 * minutes with `--quick`, 10 without. With `--goals` it ends with status 1 where a goal is missed or could not be measured.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBackend, type Backend } from './backend.ts';
import { has, LOAD } from './machine.ts';
import type { Peer } from './peer.ts';
import { BARE_DISPATCH } from './peers/bare_dispatch.ts';
import { CADDY } from './peers/caddy.ts';
import { CONFIGURABLE_HTTP_PROXY } from './peers/configurable_http_proxy.ts';
import { DIRECT } from './peers/direct.ts';
import { HAPROXY } from './peers/haproxy.ts';
import { NGINX } from './peers/nginx.ts';
import { ROUTER, TWO_WORKERS } from './peers/router.ts';
import { conclusionOf, jsonOf, summaryOf, tablesOf, verdictsOf } from './report.ts';
import type { ScenarioResult } from './report.ts';
import type { Measurement, Scenario } from './scenario.ts';
import { EVEN_RATE } from './scenarios/even_rate.ts';
import { LARGE, MEDIUM, SMALL, UPLOAD } from './scenarios/http.ts';
import { TCP_BULK, TCP_CONNECT } from './scenarios/tcp.ts';
import { measureWarmAccess, WARM_ACCESS } from './scenarios/warm_access.ts';
import { EVENTS, WEBSOCKET_ECHO, WEBSOCKET_IDLE } from './scenarios/web_socket.ts';

/** What the router is compared with. */
const OTHERS = [BARE_DISPATCH, CONFIGURABLE_HTTP_PROXY, CADDY, NGINX, HAPROXY];
const PEERS = [ROUTER, TWO_WORKERS, ...OTHERS, DIRECT];
const HTTP = [SMALL, EVEN_RATE, MEDIUM, LARGE, UPLOAD];
const SCENARIOS = [...HTTP, TCP_BULK, TCP_CONNECT, WEBSOCKET_ECHO, EVENTS, WEBSOCKET_IDLE];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '8' },
    only: { type: 'string' },
    json: { type: 'string' },
    goals: { type: 'boolean', default: false },
  },
});
const seconds = options.quick ? 1 : Number(options.seconds);

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
  const measured = new Map<Scenario, Map<string, Measurement>>(
    scenarios.map((scenario) => [scenario, new Map()]),
  );
  for (const peer of PEERS) {
    await measure(peer, backend, measured).catch((error: unknown) => {
      console.error(`${peer.name}: left out: ${String(error)}`);
    });
  }
  const results: ScenarioResult[] = [...measured].map(([scenario, figures]) => ({
    scenario,
    measured: figures,
  }));
  if (WARM_ACCESS.name.includes(options.only ?? '')) results.push(await measureWarmAccess(seconds));
  const verdicts = verdictsOf(results);
  const names = OTHERS.map(({ name }) => name);
  console.log(tablesOf(results));
  console.log(`\n### Summary: how many times better the router is\n\n${summaryOf(results, names)}`);
  console.log(`\n${conclusionOf(verdicts)}`);
  if (options.goals && verdicts.some(({ met }) => !met)) process.exitCode = 1;
  if (options.json !== undefined) writeFileSync(options.json, `${jsonOf(results, seconds)}\n`);
} finally {
  await backend.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** All scenarios of one peer, one after the other; a peer that is not there or fails is said and left out. */
async function measure(
  peer: Peer,
  backend: Backend,
  measured: ReadonlyMap<Scenario, Map<string, Measurement>>,
): Promise<void> {
  const taken = [...measured].filter(([{ name }]) => peer.only?.includes(name) ?? true);
  if (taken.length === 0) return;
  const lacks = peer.lacks();
  if (lacks !== undefined) {
    console.error(`${peer.name}: skipped, this machine lacks ${lacks}`);
    return;
  }
  const together = taken.filter(([{ fresh }]) => fresh !== true);
  const alone = taken.filter(([{ fresh }]) => fresh === true);
  for (const group of [together, ...alone.map((each) => [each])]) {
    if (group.length > 0) await measureGroup(peer, backend, group);
  }
}

/** Some scenarios of one peer, in one process. */
async function measureGroup(
  peer: Peer,
  backend: Backend,
  group: readonly (readonly [Scenario, Map<string, Measurement>])[],
): Promise<void> {
  const own = mkdtempSync(join(folder, 'peer-'));
  chmodSync(own, 0o755);
  const running = await peer.start(backend, own);
  try {
    for (const [scenario, figures] of group) {
      process.stderr.write(`${peer.name}: ${scenario.name}\n`);
      try {
        const measurement = await scenario.run(running, seconds);
        if (measurement !== undefined) figures.set(peer.name, measurement);
      } catch (error) {
        console.error(`${peer.name}: ${scenario.name} failed: ${String(error)}`);
      }
    }
  } finally {
    await running.stop();
  }
}
