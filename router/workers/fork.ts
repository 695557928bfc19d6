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
import type { FromWorker, MetricsReport, ToWorker } from './messages.ts';

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
/** A worker that does not report within this time is left out of one scrape. Milliseconds. */
const REPORT_TIME = 1_000;

/** What is known of one worker. */
interface Known {
  key: KeyState;
  report: ((report: MetricsReport) => void) | undefined;
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
  cluster.setupPrimary({ serialization: 'advanced' });

  const send = (worker: Worker, message: ToWorker): void => {
    if (worker.isConnected()) worker.send(message);
  };
  const endLogins = clearml.onLogin((login) => {
    for (const worker of workers.keys()) send(worker, { kind: 'login', login });
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

  /** Starts one worker; resolves with its port. */
  const start = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const worker = cluster.fork();
      const known: Known = { key: 'unsettled', report: undefined };
      workers.set(worker, known);
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
            for (const other of workers.keys()) if (other !== worker) send(other, message);
            return;
          case 'metrics':
            known.report?.(message.report);
        }
      });
      worker.once('exit', (code, signal) => {
        workers.delete(worker);
        known.report?.([]);
        if (draining) return;
        log.error(
          { event: 'worker_ended', code, signal },
          'A worker ended; another takes its place',
        );
        setTimeout(() => {
          if (!draining) start().catch(() => undefined);
        }, RESTART_PAUSE);
      });
    });

  const report = (worker: Worker, known: Known): Promise<MetricsReport> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => known.report?.([]), REPORT_TIME);
      known.report = (values) => {
        clearTimeout(timer);
        known.report = undefined;
        resolve(values);
      };
      send(worker, { kind: 'measure' });
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
              worker.once('exit', () => resolve());
              send(worker, { kind: 'drain', times });
            }),
        ),
      );
      unfollow();
      endLogins();
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
