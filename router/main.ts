import { RouterError } from './errors.ts';
import { startRouter, type Router } from './router.ts';
import { readSettings, type Settings } from './settings/settings.ts';
import { createLog, standardOutput } from './telemetry/log.ts';
import { VERSION } from './version.ts';

/** Settings are missing or wrong: starting again will not help. */
const EXIT_SETTINGS = 2;
const EXIT_FAILURE = 1;

/** Says in plain lines what kept the router from starting: the reader is a person in front of `kubectl logs`. */
function giveUp(error: unknown): never {
  const known = error instanceof RouterError ? error : undefined;
  const reason = known?.message ?? String((error as Error).stack);
  process.stderr.write(`task-traffic-router cannot start: ${reason}\n`);
  process.exit(known?.code === 'SETTINGS_INVALID' ? EXIT_SETTINGS : EXIT_FAILURE);
}

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    return giveUp(error);
  }
}

async function main(): Promise<void> {
  if (process.argv.includes('--version')) {
    process.stdout.write(`task-traffic-router ${VERSION}, Node ${process.version}\n`);
    return;
  }
  const settings = settingsOrExit();
  const log = createLog(settings.LOG_LEVEL, standardOutput());
  const fatal = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error({ event: 'fatal', error: text }, 'a defect of the router ends it');
    process.exit(EXIT_FAILURE);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);

  let router: Router;
  try {
    router = await startRouter(settings, log, process.env);
  } catch (error) {
    giveUp(error);
  }
  const { httpPort, healthPort, adminPort } = router;
  const node = process.version;
  log.info(
    { event: 'listening', version: VERSION, node, httpPort, healthPort, adminPort },
    'listening',
  );

  let draining = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (draining) {
      log.warn({ event: 'stopped', signal }, 'a second signal: open sessions are cut');
      process.exit(EXIT_FAILURE);
    }
    draining = true;
    const { SHUTDOWN_DELAY_SECONDS: delay, DRAIN_SECONDS: grace } = settings;
    log.info(
      { event: 'draining', signal, delay: delay / 1000, seconds: grace / 1000 },
      delay === 0 ? 'no new connections' : 'unready; new connections are still served for a while',
    );
    const end = async (): Promise<never> => {
      await router.drain({ delay, grace });
      log.info({ event: 'stopped', signal }, 'all sessions have ended');
      await log.written();
      process.exit(0);
    };
    end().catch(fatal);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGUSR2', () => {
    const next = log.level() === 'debug' ? settings.LOG_LEVEL : 'debug';
    log.setLevel(next);
    log.warn({ event: 'log_level', next }, 'log level changed by SIGUSR2');
  });
}

void main();
