/** `npm start`: see `HELP` in run/options.ts. */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { LabError } from './errors.ts';
import { checksOf } from './run/checks.ts';
import { startLocalSession } from './run/no_cluster/session.ts';
import { nextSteps, printedSteps } from './run/next_steps.ts';
import { openInBrowser } from './run/open_in_browser.ts';
import { HELP, parseOptions, type RunOptions } from './run/options.ts';
import { progress } from './run/progress.ts';
import type { Reachable } from './run/reachable.ts';
import { lockRun } from './run/run_lock.ts';
import { startSession } from './run/session.ts';
import { removeRun } from './run/teardown.ts';
import { WorkFolder } from './run/work_folder.ts';

const folder = new WorkFolder(fileURLToPath(new URL('../../.work', import.meta.url)));

const WITHOUT_CLUSTER =
  'So the router runs on this machine, without Kubernetes. A cluster adds pulumi up, pods, the ingress and the load balancer.';

/** Aborts at the first Ctrl-C or SIGTERM. Later ones are heard and told: what is half removed would be left behind. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      progress.say(
        controller.signal.aborted
          ? 'Still removing what was started. If this process is killed, npm stop does the rest.'
          : 'Stopping, and removing what was started.',
      );
      controller.abort();
    });
  }
  // Whoever reads the output is gone: nobody is left to press Ctrl-C.
  process.stdout.on('error', () => controller.abort());
  return controller.signal;
}

async function remove(): Promise<void> {
  if ((await folder.readRecord())?.tools === undefined) {
    // The run ended before it made anything.
    await removeRun(folder, () => undefined);
    return;
  }
  await progress.step('Removing everything', async (tell) => {
    const found = await removeRun(folder, tell);
    return { done: found ? 'Removed everything' : 'There was nothing to remove', value: undefined };
  });
}

async function runChecks(session: Reachable): Promise<boolean> {
  let allHold = true;
  for (const { title, perform } of checksOf(session, await nextSteps(session))) {
    try {
      await perform();
      progress.say(`✔ ${title}`);
    } catch (error) {
      allHold = false;
      progress.say(`✖ ${title}\n    ${message(error).replaceAll('\n', '\n    ')}`);
    }
  }
  return allHold;
}

function message(error: unknown): string {
  if (error instanceof LabError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** What is up, and its end. */
interface Run extends Reachable {
  stop(): Promise<void>;
}

async function start(options: RunOptions, signal: AbortSignal): Promise<Run> {
  if (options.noCluster) return startLocalSession(folder, progress, signal);
  try {
    return await startSession({ options, folder, progress, signal });
  } catch (error) {
    const missing = error instanceof LabError && error.code === 'PREREQUISITES_MISSING';
    if (!missing || options.context !== undefined || options.noInstall) throw error;
    progress.say(`${error.message.replaceAll(/^/gm, '    ')}\n${WITHOUT_CLUSTER}`);
    return startLocalSession(folder, progress, signal);
  }
}

async function work(options: RunOptions, signal: AbortSignal): Promise<boolean> {
  const began = performance.now();
  if ((await folder.readRecord()) !== undefined) {
    progress.say('An earlier run was interrupted; its remains are removed first.');
    await remove();
  }
  const session = await start(options, signal);
  try {
    progress.say(`Ready after ${Math.round((performance.now() - began) / 1000)} s.`);
    const steps = await nextSteps(session);
    progress.say(printedSteps(steps));
    if (options.open) progress.say(await openInBrowser(steps.endpoint));
    if (options.once) return await runChecks(session);
    progress.say(
      'Ctrl-C ends this and removes everything; npm stop does so from another terminal.',
    );
    if (!signal.aborted) await once(signal, 'abort');
    return true;
  } finally {
    await session.stop();
  }
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    progress.say(HELP);
    return 0;
  }
  const held = await lockRun(folder);
  const signal = interruption();
  let succeeded = false;
  try {
    succeeded = await work(options, signal);
  } catch (error) {
    if (!signal.aborted) process.stderr.write(`\n${message(error)}\n`);
  } finally {
    await remove();
    held.release();
  }
  return succeeded ? 0 : signal.aborted ? 130 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`\n${message(error)}\n`);
  process.exitCode = 1;
}
