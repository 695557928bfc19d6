import {
  getOrganization,
  getProject,
  getRootDirectory,
  getStack,
  log,
  runtime,
} from '@pulumi/pulumi';

import { bundleRouter } from './bundle/bundle.ts';
import { askCluster } from './cluster/facts.ts';
import { checkIdentity } from './cluster/identity.ts';
import { clusterProvider } from './cluster/provider.ts';
import { askDeployment } from './cluster/running.ts';
import { checkServerSecret } from './cluster/server_secret.ts';
import { questionsOf } from './cluster/stack_questions.ts';
import { checkVersion } from './cluster/version.ts';
import { readStack } from './config/reading/read.ts';
import { settle } from './config/reading/settle.ts';
import { leftBehindSteps } from './advice/left_behind.ts';
import { type Outputs, outputsOf } from './advice/outputs.ts';
import { taskNetworksOf } from './network/task_networks.ts';
import { fullNameOf } from './stack_name.ts';
import { TaskRouter } from './task_router.ts';

/** What the program takes from outside, so that tests can give it. */
export interface ProgramParts {
  readonly bundle: () => Promise<string>;
  readonly askCluster: typeof askCluster;
  /** Left out where the objects go to no cluster. */
  readonly askDeployment?: typeof askDeployment;
}

/**
 * The Pulumi program: reads and checks the stack's config, then provisions one TaskRouter. All that can be wrong is found
 * before the first resource is registered, so nothing is left half done. Runs under the CLI (`index.js`) and as an inline
 * program of the Automation API.
 */
export async function program(
  parts: ProgramParts = { bundle: bundleRouter, askCluster, askDeployment },
): Promise<Outputs> {
  const place = { root: getRootDirectory(), project: getProject(), stack: getStack() };
  const asWritten = readStack(place, runtime.allConfig(), isConfigSecret);
  const { context } = asWritten.kubernetes;
  const address = { kubeconfig: asWritten.kubernetes.kubeconfig?.reveal(), context };
  const [facts, code] = await Promise.all([
    parts.askCluster(address, questionsOf(asWritten)),
    asWritten.router.code === 'image' ? '' : parts.bundle(),
  ]);
  const warning =
    facts.version === undefined
      ? `The cluster could not be asked for its version: ${facts.trouble ?? 'no answer'}.`
      : checkVersion(facts.version);
  checkIdentity(asWritten, facts);
  checkServerSecret(asWritten, facts.lacksServerSecret);
  const config = settle(place.stack, asWritten, facts);
  const taskNetworks = taskNetworksOf(config, facts);

  const provider = await clusterProvider(config, facts);
  const router = new TaskRouter(
    config.router.name,
    { config, code, taskNetworks: taskNetworks.networks },
    { providers: { kubernetes: provider } },
  );
  const stack = fullNameOf(getOrganization(), place.project, place.stack);
  const ask = parts.askDeployment?.bind(undefined, address);
  const outputs = outputsOf({
    stack,
    clusterUid: facts.uid,
    config,
    namespace: router.namespace,
    tcpAddress: router.tcpAddress,
    httpAddress: router.httpAddress,
    taskNetworks,
    ...(ask && { firstSteps: leftBehindSteps(router.deployment, ask, stack) }),
    warnings: warning === undefined ? [] : [warning],
  });
  for (const text of outputs.warnings) void log.warn(text, router);
  return outputs;
}

/** Part of Pulumi's runtime that its type declarations leave out. */
const { isConfigSecret } = runtime as typeof runtime & {
  isConfigSecret: (key: string) => boolean;
};
