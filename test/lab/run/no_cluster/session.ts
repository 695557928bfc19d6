import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import { credentials } from '../../clearml/seed.ts';
import { startClearMl, type ClearMl } from '../../clearml/server.ts';
import { identify } from '../../cluster/processes/process_identity.ts';
import { freePort } from '../../free_port.ts';
import { ask } from '../../tasks/ask.ts';
import type { SampleProgram } from '../../tasks/programs.ts';
import type { RunningTask } from '../../tasks/running_task.ts';
import { runMark } from '../left_processes.ts';
import type { Progress } from '../progress.ts';
import type { Reachable } from '../reachable.ts';
import { awaitAnswers } from '../samples.ts';
import type { WorkFolder } from '../work_folder.ts';
import { startProgram } from './program.ts';
import { startLocalRouter } from './router.ts';

/** A run without a cluster: everything runs as processes of this user, on loopback. */
export interface LocalSession extends Reachable {
  stop(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

interface Sample {
  readonly name: string;
  readonly program: SampleProgram;
  readonly protocol: 'http' | 'tcp';
}

async function startSample(
  { name, program, protocol }: Sample,
  clearml: ClearMl,
  mark: Readonly<Record<string, string>>,
): Promise<RunningTask> {
  const port = await freePort();
  const file = join(import.meta.dirname, '../../tasks', `${program}.ts`);
  const running = startProgram(name, [file], { ...mark, HOST: LOOPBACK, PORT: String(port) });
  await running.line((line) => line.includes('listens on'));
  const asked = { apiHost: clearml.url, ...credentials.alice, name, protocol };
  const task = await ask({ ...asked, address: LOOPBACK, port });
  return {
    taskId: task.taskId,
    async stop() {
      await task.stop();
      await running.stop();
    },
  };
}

/** Starts the stand-in for ClearML, the router as it would be deployed, and two sample tasks. Nothing is installed, and no rights are needed. */
export async function startLocalSession(
  folder: WorkFolder,
  progress: Progress,
  signal: AbortSignal,
): Promise<LocalSession> {
  const runner = await identify(process.pid);
  await folder.writeRecord({
    version: 1,
    id: randomUUID(),
    ...(runner === undefined ? {} : { runner }),
  });
  const mark = runMark(folder);
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.toReversed()) await end();
  };
  try {
    const clearml = await progress.step('Starting a stand-in for the ClearML server', async () => {
      const value = await startClearMl({ edition: 'enterprise' });
      stops.push(() => value.stop());
      return { done: `A stand-in for the ClearML API server listens on ${value.url}`, value };
    });
    signal.throwIfAborted();
    const router = await progress.step('Starting the router', async () => {
      const value = await startLocalRouter(folder.local, clearml, mark);
      stops.push(() => value.stop());
      return { done: `The router serves ${value.url}`, value };
    });
    signal.throwIfAborted();
    const samples = await progress.step('Starting two sample tasks', async () => {
      const web = await startSample(
        { name: 'sample-web-app', program: 'web_app', protocol: 'http' },
        clearml,
        mark,
      );
      stops.push(() => web.stop());
      const tcp = await startSample(
        { name: 'sample-tcp-service', program: 'line_echo', protocol: 'tcp' },
        clearml,
        mark,
      );
      stops.push(() => tcp.stop());
      return { done: 'Two sample tasks have asked for access', value: { web, tcp } };
    });
    const answers = await progress.step("Waiting for the router's answers", async () => {
      const ports = { start: router.tcpPort, end: router.tcpPort };
      const value = await awaitAnswers(clearml, samples, LOOPBACK, ports, router.log);
      return { done: 'The router has answered both tasks', value };
    });
    return { clearml, samples, answers, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
