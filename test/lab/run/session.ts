import { randomUUID } from 'node:crypto';

import type { ConfigMap, Stack } from '@pulumi/pulumi/automation/index.js';

import type { Edition } from '../clearml/options.ts';
import { startClearMl, type ClearMl } from '../clearml/server.ts';
import { nodeImage } from '../cluster/images/image.ts';
import { identify } from '../cluster/processes/process_identity.ts';
import { clusterUp } from '../cluster/up.ts';
import { LabError } from '../errors.ts';
import type { NoPython } from '../tasks/python_environment.ts';
import { prepareSdk, type Sdk } from '../tasks/sdk.ts';
import { prepareTools } from '../tools/prepare.ts';
import type { OnProgress, Tools } from '../tools/tool.ts';
import { exposeByService } from './kubernetes/http_service.ts';
import { endDescendants, runMark } from './left_processes.ts';
import { startDns } from './kubernetes/dns.ts';
import { createNamespace } from './kubernetes/namespaces.ts';
import type { RunOptions } from './options.ts';
import { NODE_IMAGE } from './kubernetes/pods.ts';
import type { Progress } from './progress.ts';
import type { Reachable } from './reachable.ts';
import { awaitAnswers, startSamples, type Samples } from './samples.ts';
import { sourceLines } from './sources.ts';
import { openStack } from './stack.ts';
import { ROUTER_NAMESPACE, stackConfig, TASK_NAMESPACE } from './stack_config.ts';
import { stackUp, tcpAddressOf } from './stack_up.ts';
import { namedContext, namedTarget, ownTarget, type Target } from './target.ts';
import type { RunRecord, WorkFolder } from './work_folder.ts';

/** A run that is up: everything that a person, or a test, can reach. */
export interface Session extends Reachable {
  readonly target: Target;
  readonly tools: Tools;
  readonly stack: Stack;
  /** URL that users open. */
  readonly url: string;
  /** Ends what runs inside of this process; `removeRun` removes the rest. */
  stop(): Promise<void>;
}

export interface SessionParts {
  readonly options: RunOptions;
  readonly folder: WorkFolder;
  readonly progress: Progress;
  /** Aborted when the user wants to end: no further step begins. */
  readonly signal: AbortSignal;
  /** Config of the stack beside the lab's own, or in its place. */
  readonly config?: ConfigMap;
  /** The kind of ClearML server; `enterprise` unless given, where the SDK's own asks work. */
  readonly edition?: Edition;
}

const LINE_INTERVAL_MS = 30_000;
const END_INTERVAL_MS = 100;

/** Where there is no terminal, a step's details come a line now and then. */
function sparing(tell: OnProgress): OnProgress {
  if (process.stdout.isTTY) return tell;
  let last = { step: '', at: 0 };
  return (step, detail) => {
    const now = Date.now();
    if (step === last.step && now - last.at < LINE_INTERVAL_MS) return;
    last = { step, at: now };
    tell(step, detail);
  };
}

async function prepare({ options, folder, progress, signal }: SessionParts): Promise<Tools> {
  // Again and again, for what is ended is taken for unavailable, and the next best source is tried.
  let ending: NodeJS.Timeout | undefined;
  const endBuilds = (): void => {
    ending = setInterval(() => void endDescendants(), END_INTERVAL_MS);
  };
  signal.addEventListener('abort', endBuilds);
  const found = await progress
    .step<Tools | LabError>('Finding what is needed', async (tell) => {
      try {
        const value = await prepareTools({
          noInstall: options.noInstall,
          wants: options.context === undefined ? 'cluster' : 'context',
          onProgress: sparing((step, detail) => tell(`${step}: ${detail}`)),
        });
        return { done: 'Found what is needed', value };
      } catch (error) {
        if (!(error instanceof LabError) || error.code !== 'PREREQUISITES_MISSING') throw error;
        return { done: 'Not all that a cluster needs is here', value: error };
      }
    })
    .finally(() => {
      signal.removeEventListener('abort', endBuilds);
      clearInterval(ending);
    });
  signal.throwIfAborted();
  if (found instanceof LabError) throw found;
  const tools = found;
  for (const line of sourceLines(tools)) progress.say(`    ${line}`);
  const record = await folder.readRecord();
  if (record !== undefined) await folder.writeRecord({ ...record, tools });
  return tools;
}

function startCluster({ options, folder, progress }: SessionParts, tools: Tools): Promise<Target> {
  if (options.context !== undefined) {
    const { context, address } = options;
    return progress.step(`Looking at the cluster of context ${context}`, async () => {
      const value = await namedTarget(context, address);
      return { done: `The cluster of context ${context} answers`, value };
    });
  }
  return progress.step('Starting a one-node Kubernetes', async (tell) => {
    const cluster = await clusterUp({
      directory: folder.cluster,
      tools,
      images: [nodeImage(NODE_IMAGE)],
      onProgress: (_, detail) => tell(detail),
    });
    const done = `A one-node Kubernetes runs; kubectl --kubeconfig ${cluster.kubeconfig} reaches it`;
    return { done, value: await ownTarget(cluster) };
  });
}

function startServer(
  { progress, edition = 'enterprise' }: SessionParts,
  target: Target,
): Promise<ClearMl> {
  return progress.step('Starting a stand-in for the ClearML API server', async () => {
    const value = await startClearMl({ host: target.hostAddress, edition });
    return { done: `A stand-in for the ClearML API server listens on ${value.url}`, value };
  });
}

function startTasks(
  { folder, progress }: SessionParts,
  target: Target,
  clearml: ClearMl,
  record: RunRecord,
): Promise<Samples> {
  return progress.step('Starting two sample tasks', async (tell) => {
    const sdk = await sdkFor(clearml, tell);
    await createNamespace(target.config, TASK_NAMESPACE, record.id);
    tell('pods');
    const value = await startSamples(target.config, clearml, sdk, runMark(folder));
    const how =
      'absent' in sdk
        ? `written by hand instead of by the ClearML SDK: ${sdk.absent}`
        : `through the ClearML SDK ${sdk.version}`;
    return { done: `Two sample tasks have asked for access, ${how}`, value };
  });
}

/** The SDK that the sample tasks ask with. */
async function sdkFor(
  { edition }: ClearMl,
  tell: (detail: string) => void,
): Promise<Sdk | NoPython> {
  if (edition === 'open-source') return { absent: 'it refuses to ask on open-source servers' };
  return prepareSdk({ onProgress: (_, detail) => tell(detail) });
}

async function openUrl(parts: SessionParts, target: Target, record: RunRecord): Promise<string> {
  const { exposure, config } = target;
  if (exposure.kind === 'ingress') return `http://${exposure.address}`;
  parts.progress.say(`    HTTP goes through a Service, because ${exposure.reason}`);
  await createNamespace(config, ROUTER_NAMESPACE, record.id);
  return exposeByService(config);
}

/** A run before its first `pulumi up`: the stack has its config, and the tasks wait for an answer. */
export type Prepared = Omit<Session, 'answers'>;

/**
 * Brings everything up to the moment before `pulumi up`, step by step: tools, cluster, ClearML, tasks, the stack's config. What
 * was made is recorded first, so that `removeRun` can take it away however this ends.
 */
export async function prepareSession(parts: SessionParts): Promise<Prepared> {
  const { options, folder, signal } = parts;
  if (options.context !== undefined) namedContext(options.context);
  const runner = await identify(process.pid);
  const record: RunRecord = {
    version: 1,
    id: randomUUID(),
    ...(runner === undefined ? {} : { runner }),
    ...(options.context === undefined ? {} : { context: options.context }),
  };
  await folder.writeRecord(record);
  const tools = await prepare(parts);
  const target = await startCluster(parts, tools);
  signal.throwIfAborted();
  const clearml = await startServer(parts, target);
  let samples: Samples | undefined;
  const stop = async (): Promise<void> => {
    await Promise.all([samples?.web.stop(), samples?.tcp.stop()]);
    await clearml.stop();
  };
  try {
    const { config: cluster, dnsAddress } = target;
    [samples] = await Promise.all([
      startTasks(parts, target, clearml, record),
      dnsAddress === undefined ? undefined : startDns(cluster, dnsAddress),
    ]);
    signal.throwIfAborted();
    const url = await openUrl(parts, target, record);
    const stack = await openStack(folder, tools);
    const config = { ...stackConfig({ target, clearml, url }), ...parts.config };
    await stack.setAllConfig(config, true);
    return { target, tools, clearml, stack, samples, url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Brings everything up: what `prepareSession` does, then `pulumi up`, and the router's answers. */
export async function startSession(parts: SessionParts): Promise<Session> {
  const { progress, signal } = parts;
  const prepared = await prepareSession(parts);
  const { clearml, samples, stack, stop } = prepared;
  try {
    const tcpAddress = await progress.step('pulumi up', async (tell) => {
      const result = await stackUp(stack, signal, tell);
      const count = Object.values(result.changes).reduce((sum, n) => sum + n, 0);
      return { done: `pulumi up: ${count} resources`, value: tcpAddressOf(result.outputs) };
    });
    const answers = await progress.step("Waiting for the router's answers", async () => {
      const value = await awaitAnswers(clearml, samples, tcpAddress);
      return { done: 'The router has answered both tasks', value };
    });
    return { ...prepared, answers };
  } catch (error) {
    await stop();
    throw error;
  }
}
