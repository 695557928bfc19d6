import { createClearMlFor } from '../clearml/for_settings.ts';
import { RouterError } from '../errors.ts';
import { overloadBoundsOf } from '../load/limit_settings.ts';
import { watchOverload } from '../load/overload.ts';
import { createFront } from '../front.ts';
import type { Settings } from '../settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import { createMetrics, createRegistry } from '../telemetry/metrics.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { Activity } from '../proxy/activity.ts';
import { ACTIVITY_INTERVAL } from './messages.ts';
import { createReceivedLogins, createReceivedRoutes } from './received.ts';

/** How often a worker looks whether its signing key has settled. Milliseconds. */
const KEY_INTERVAL = 100;

/** One of several processes that share the HTTP port: everything that users meet over HTTP, and nothing else. */
export async function runWorker(
  settings: Settings,
  log: Log,
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const tell = (message: FromWorker): void => void process.send?.(message);
  const registry = createRegistry();
  const metrics = createMetrics(registry);
  const clearml = createClearMlFor(settings, log, metrics);
  const routes = createReceivedRoutes();
  const logins = createReceivedLogins();
  const activity = new Activity(routes);
  const front = createFront({
    settings,
    routes,
    activity,
    overload: watchOverload(overloadBoundsOf(settings), { log, metrics }),
    clearml: { ...clearml, onLogin: logins.onLogin },
    log,
    metrics,
    environment,
    tell: (notice) => tell({ kind: 'notice', notice }),
  });

  process.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'table':
        routes.receive(message.table, message.state);
        return;
      case 'confirmed':
        routes.receive({ ...routes.current(), ...message.times }, message.state);
        return;
      case 'login':
        logins.receive(message.login);
        return;
      case 'activity':
        activity.merge(message.changes);
        return;
      case 'notice':
        front.heed(message.notice);
        return;
      case 'log-level':
        log.setLevel(message.level);
        return;
      case 'measure':
        void registry.getMetricsAsJSON().then((report) => tell({ kind: 'metrics', report }));
        return;
      case 'drain':
        void front.drain(message.times).then(async () => {
          clearml.close();
          await log.written();
          process.exit(0);
        });
    }
  });
  // A terminal's Ctrl-C reaches the whole group; when to end is for the process that started this one to say.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  process.on('SIGUSR2', () => undefined);
  // Without the process that looks at ClearML the table would grow old unnoticed.
  process.once('disconnect', () => process.exit(1));

  let told = front.keyState();
  const watch = setInterval(() => {
    const state = front.keyState();
    if (state !== told) tell({ kind: 'key', state });
    told = state;
  }, KEY_INTERVAL);
  watch.unref();
  const report = setInterval(() => {
    const changes = activity.changes();
    if (changes.length > 0) tell({ kind: 'activity', changes });
  }, ACTIVITY_INTERVAL);
  report.unref();
  try {
    tell({ kind: 'key', state: told });
    tell({ kind: 'listening', port: await front.listen() });
  } catch (error) {
    const text = error instanceof RouterError ? error.message : String(error);
    const message: FromWorker = { kind: 'failed', message: text };
    // Told first, so that a start that fails says why; later another worker tries again.
    process.send?.(message, () => process.exit(1));
  }
}
