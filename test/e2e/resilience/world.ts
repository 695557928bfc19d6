import assert from 'node:assert/strict';

import { addTask, httpAsk, taskWhen } from '../../lab/clearml/asks.ts';
import { login } from '../../lab/clearml/client.ts';
import { textOf } from '../../lab/clearml/document.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import type { Session } from '../../lab/run/session.ts';
import type { WorkFolder } from '../../lab/run/work_folder.ts';
import { startLoad, type Load, type LoadReport } from '../load/load.ts';
import { replicasOf, type Replicas } from './replicas.ts';

/** How the stack under test is set up. Seconds. */
export const SHUTDOWN_DELAY = 5;
export const DRAIN = 15;
const COUNT = 2;

/** Differs from the lab's own stack. */
export const STACK_CONFIG = {
  'availability.replicas': String(COUNT),
  'router.shutdownDelaySeconds': String(SHUTDOWN_DELAY),
  'router.drainSeconds': String(DRAIN),
  // Whoever comes while ClearML is away is another than the owner, and is let in once it is back.
  'router.access.default': 'visible',
  // A replica that a test makes hang is looked at, on a slow machine too, before the kubelet takes it for dead.
  'pod.livenessProbe.failureThreshold': '12',
} as const;

/** Two replicas on a real cluster, and load on them. */
export interface World {
  readonly session: Session;
  readonly replicas: Replicas;
  readonly startLoad: () => Promise<Load>;
  /** Headers by which alice gets in. */
  readonly headers: Readonly<Record<string, string>>;
  /** A new task asks; resolves with the milliseconds until the answer is written, rejects after 20 s. */
  readonly answerTime: () => Promise<number>;
  /** The port of the range that the sample TCP task has. */
  readonly port: () => number;
}

/** Limit of the time in which a lost leader is healed. Milliseconds. */
export const HEALED_WITHIN = 20_000;

export async function worldOf(session: Session, folder: WorkFolder): Promise<World> {
  const { clearml, answers, samples } = session;
  const token = await login(clearml.url, credentials.alice);
  const headers = { authorization: `Bearer ${token}` };
  const address = textOf(clearml.state.task(samples.web.taskId)?.runtime['_ADDRESS']) ?? '';
  let asked = 0;
  return {
    session,
    replicas: replicasOf(session, folder, COUNT),
    headers,
    startLoad: () =>
      startLoad({
        endpoint: answers.endpoint,
        headers: () => headers,
        tcp: { address: answers.tcpAddress, port: answers.tcpPort },
      }),
    answerTime: async () => {
      const began = performance.now();
      // Nobody listens there: what is asked for is an answer.
      const port = 20_000 + (asked += 1);
      const { id } = addTask(clearml, { runtime: httpAsk({ address, port }) });
      const late = AbortSignal.timeout(HEALED_WITHIN);
      await taskWhen(clearml, id, ({ runtime }) => 'endpoint' in runtime, late);
      return performance.now() - began;
    },
    port: () =>
      Number(textOf(clearml.state.task(samples.tcp.taskId)?.runtime['external_tcp_port'])),
  };
}

/** How much earlier than the end of the grace a session may be seen to end: the times are those of two processes. Milliseconds. */
const SLACK = 500;

/** Nothing failed since pods were told to end, at `since`, and the sessions that ended had their grace. */
export function assertOnlyGraceEnds(report: LoadReport, since: number): void {
  assert.deepEqual(report.http.failures, []);
  assert.deepEqual(report.connections.failures, []);
  const graceEnds = since + (SHUTDOWN_DELAY + DRAIN) * 1_000 - SLACK;
  for (const { at, how } of [...report.webSockets.ended, ...report.tcpSessions.ended]) {
    assert.ok(at >= graceEnds, `a session ended ${graceEnds - at} ms before its grace: ${how}`);
  }
}
