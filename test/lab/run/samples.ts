import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';

import { taskWhen } from '../clearml/asks.ts';
import { credentials } from '../clearml/seed.ts';
import type { ClearMl } from '../clearml/server.ts';
import { LabError } from '../errors.ts';
import { ask } from '../tasks/ask.ts';
import { askWithSdk } from '../tasks/ask_with_sdk.ts';
import { sampleProgram, type SampleProgram } from '../tasks/programs.ts';
import type { RunningTask } from '../tasks/running_task.ts';
import type { NoPython } from '../tasks/python_environment.ts';
import type { Sdk } from '../tasks/sdk.ts';
import { runPod } from './kubernetes/pods.ts';
import { PORT_RANGE, ROUTER_NAME, ROUTER_NAMESPACE, type PortRange } from './stack_config.ts';

/** What a sample task is, before it runs. */
interface Sample {
  readonly name: string;
  readonly program: SampleProgram;
  readonly protocol: 'http' | 'tcp';
  readonly port: number;
}

const WEB: Sample = {
  name: 'sample-web-app',
  program: 'web_app',
  protocol: 'http',
  port: 8080,
};
const TCP: Sample = {
  name: 'sample-tcp-service',
  program: 'line_echo',
  protocol: 'tcp',
  port: 7000,
};

/** The two sample tasks, running. */
export interface Samples {
  readonly web: RunningTask;
  readonly tcp: RunningTask;
}

async function startSample(
  { name, program, protocol, port }: Sample,
  config: KubeConfig,
  clearml: ClearMl,
  sdk: Sdk | NoPython,
  mark: Readonly<Record<string, string>>,
): Promise<RunningTask> {
  const address = await runPod(config, {
    name,
    code: await sampleProgram(program),
    environment: { PORT: String(port) },
  });
  const asked = { apiHost: clearml.url, ...credentials.alice, name, protocol, address, port };
  return 'absent' in sdk
    ? ask(asked)
    : askWithSdk({ ...asked, python: sdk.python, environment: mark });
}

/**
 * Starts both sample tasks as pods; each asks for access, through the real SDK where there is one. `mark` goes into the
 * environment of the SDK's processes, so that a later run finds what is left of them.
 */
export async function startSamples(
  config: KubeConfig,
  clearml: ClearMl,
  sdk: Sdk | NoPython,
  mark: Readonly<Record<string, string>>,
): Promise<Samples> {
  const [web, tcp] = await Promise.all([
    startSample(WEB, config, clearml, sdk, mark),
    startSample(TCP, config, clearml, sdk, mark),
  ]);
  return { web, tcp };
}

/** Where the router says that the sample tasks are. */
export interface Answers {
  /** URL of the web app, as the router wrote it. */
  readonly endpoint: string;
  readonly tcpAddress: string;
  readonly tcpPort: number;
}

const httpAnswer = z.object({ endpoint: z.url() });
const tcpAnswer = z.object({ external_tcp_port: z.coerce.number() });

const ANSWER_SECONDS = 30;

/**
 * Waits for the router's answers in the tasks' runtime properties.
 *
 * @param log where the router's log is, for the message.
 * @throws LabError `ANSWER_MISSING`
 */
export async function awaitAnswers(
  clearml: ClearMl,
  samples: Samples,
  routerAddress: string,
  portRange: PortRange = PORT_RANGE,
  log = `kubectl -n ${ROUTER_NAMESPACE} logs deployment/${ROUTER_NAME}`,
): Promise<Answers> {
  const inRange = (port: unknown): boolean =>
    Number(port) >= portRange.start && Number(port) <= portRange.end;
  const late = AbortSignal.timeout(ANSWER_SECONDS * 1000);
  try {
    const [web, tcp] = await Promise.all([
      taskWhen(clearml, samples.web.taskId, ({ runtime }) => 'endpoint' in runtime, late),
      taskWhen(
        clearml,
        samples.tcp.taskId,
        ({ runtime }) =>
          runtime['external_address'] === routerAddress && inRange(runtime['external_tcp_port']),
        late,
      ),
    ]);
    return {
      endpoint: httpAnswer.parse(web.runtime).endpoint,
      tcpAddress: routerAddress,
      tcpPort: tcpAnswer.parse(tcp.runtime).external_tcp_port,
    };
  } catch (error) {
    if (!late.aborted) throw error;
    throw new LabError(
      'ANSWER_MISSING',
      `After ${ANSWER_SECONDS} s the router has not answered both sample tasks. Its log says why: ${log}`,
      { cause: error },
    );
  }
}
