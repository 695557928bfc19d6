import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';
import type { KeyState } from '../auth/key_ring.ts';
import type { ClearMl } from '../clearml/clearml.ts';
import { RouterError } from '../errors.ts';
import type { Front } from '../front.ts';
import type { Routes } from '../routes/routes.ts';
import type { RouteTable } from '../routes/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Activity } from '../proxy/activity.ts';
import { ACTIVITY_INTERVAL } from './messages.ts';
import { closeUntaken } from './handoff.ts';
import type { FromWorker, MetricsReport, ToWorker } from './messages.ts';
import { relayOutput } from './relay_output.ts';

/** What the workers are told about. */
export interface WorkersParts {
  readonly count: number;
  readonly routes: Pick<Routes, 'current' | 'subscribe' | 'state'>;
  readonly clearml: Pick<ClearMl, 'onLogin'>;
  readonly log: Log;
  /** Of the traffic that this process carries itself: the TCP range. */
  readonly activity: Activity;
}

/** Pause before a worker that ended by itself gets a successor, so that a defect at start does not spin. Milliseconds. */
const RESTART_PAUSE = 1_000;
/** A worker that has not ended this long after its grace is killed. Milliseconds. */
const LATE_END = 5_000;
/** A worker that does not report within this time is left out of one scrape. Milliseconds. */
const REPORT_TIME = 1_000;

/** What is known of one worker. */
interface Known {
  key: KeyState;
  /** The scrapes that wait for its next report: several Prometheus servers may ask at once. */
  readonly scrapes: Set<(report: MetricsReport) => void>;
}

function answer({ scrapes }: Known, report: MetricsReport): void {
  for (const settle of scrapes) settle(report);
}

/** Whether two tables differ in more than their times. */
function routesDiffer(next: RouteTable, previous: RouteTable): boolean {
  return (
    next.endpoints !== previous.endpoints ||
    next.staticPaths !== previous.staticPaths ||
    next.staticHosts !== previous.staticHosts ||
    next.ports !== previous.ports
  );
}

/** Starts WORKERS processes of this program, which share the HTTP port, and keeps them. Nothing listens before `listen`. */
export function createWorkers(parts: WorkersParts): Front {
  const { count, routes, clearml, log, activity } = parts;
  const workers = new Map<Worker, Known>();
  let draining = false;
  cluster.setupPrimary({
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });

  const send = (worker: Worker, message: ToWorker): void => {
    if (worker.isConnected()) worker.send(message);
  };
  const endLogins = clearml.onLogin((login) => {
    for (const worker of workers.keys()) send(worker, { kind: 'login', login });
  });
  const endLevels = log.onLevel((level) => {
    for (const worker of workers.keys()) send(worker, { kind: 'log-level', level });
  });
  const unfollow = routes.subscribe((table, previous) => {
    const state = routes.state();
    const { version, confirmedAt, stale, problems } = table;
    const times = { version, confirmedAt, stale, problems };
    const message: ToWorker = routesDiffer(table, previous)
      ? { kind: 'table', table, state }
      : { kind: 'confirmed', times, state };
    for (const worker of workers.keys()) send(worker, message);
  });

  /** Each process knows what it carried; a page is asked for at any of them. */
  const share = setInterval(() => {
    const changes = activity.changes();
    for (const worker of workers.keys()) send(worker, { kind: 'activity', changes });
  }, ACTIVITY_INTERVAL).unref();

  /** Starts one worker, or in its place the next; resolves with the port of the first that listens. */
  const start = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const worker = cluster.fork();
      closeUntaken(worker);
      const { stdout } = worker.process;
      if (stdout !== null) relayOutput(stdout, (lines) => log.pass(lines));
      const known: Known = { key: 'unsettled', scrapes: new Set() };
      workers.set(worker, known);
      send(worker, { kind: 'log-level', level: log.level() });
      const endLogin = clearml.onLogin((login) => send(worker, { kind: 'login', login }));
      endLogin();
      send(worker, { kind: 'table', table: routes.current(), state: routes.state() });
      worker.on('message', (message: FromWorker) => {
        switch (message.kind) {
          case 'listening':
            resolve(message.port);
            return;
          case 'failed':
            reject(new RouterError('LISTEN_FAILED', message.message));
            return;
          case 'key':
            known.key = message.state;
            return;
          case 'activity':
          case 'notice':
            for (const other of workers.keys()) if (other !== worker) send(other, message);
            return;
          case 'metrics':
            answer(known, message.report);
        }
      });
      worker.once('exit', (code, signal) => {
        workers.delete(worker);
        answer(known, []);
        if (draining) return;
        log.error(
          { event: 'worker_ended', code, signal },
          'A worker ended; another takes its place',
        );
        setTimeout(() => {
          if (!draining) start().then(resolve, reject);
        }, RESTART_PAUSE);
      });
    });

  const report = (worker: Worker, { scrapes }: Known): Promise<MetricsReport> =>
    new Promise((resolve) => {
      const settle = (values: MetricsReport): void => {
        clearTimeout(timer);
        scrapes.delete(settle);
        resolve(values);
      };
      const timer = setTimeout(() => settle([]), REPORT_TIME);
      if (scrapes.size === 0) send(worker, { kind: 'measure' });
      scrapes.add(settle);
    });

  return {
    listen: async () => {
      const [port = 0] = await Promise.all(Array.from({ length: count }, start));
      return port;
    },
    keyState: () => {
      const states = [...workers.values()].map(({ key }) => key);
      if (states.includes('mismatch')) return 'mismatch';
      return states.includes('settled') ? 'settled' : 'unsettled';
    },
    drain: async (times) => {
      draining = true;
      clearInterval(share);
      await Promise.all(
        [...workers.keys()].map(
          (worker) =>
            new Promise<void>((resolve) => {
              // One that hangs does not keep the others' process.
              const timer = setTimeout(
                () => worker.process.kill('SIGKILL'),
                times.delay + times.grace + LATE_END,
              );
              // Its end, and that of its output.
              worker.process.once('close', () => {
                clearTimeout(timer);
                resolve();
              });
              send(worker, { kind: 'drain', times });
            }),
        ),
      );
      unfollow();
      endLogins();
      endLevels();
    },
    measure: async (own) => {
      const reports = await Promise.all(
        [...workers].map(([worker, known]) => report(worker, known)),
      );
      const all = [(await own.getMetricsAsJSON()) as MetricsReport, ...reports];
      return AggregatorRegistry.aggregate(all).metrics();
    },
  };
}
