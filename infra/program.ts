import { getProject, getRootDirectory, getStack, log, runtime } from '@pulumi/pulumi';

import { bundleRouter } from './bundle/bundle.ts';
import { askCluster } from './cluster/facts.ts';
import { checkIdentity } from './cluster/identity.ts';
import { clusterProvider } from './cluster/provider.ts';
import { checkServerSecret } from './cluster/server_secret.ts';
import { checkVersion } from './cluster/version.ts';
import { readStack } from './config/reading/read.ts';
import { settle } from './config/reading/settle.ts';
import { nodePortsIn, tcpServicePlace } from './config/decisions/ports.ts';
import { type Outputs, outputsOf } from './advice/outputs.ts';
import { taskNetworksOf } from './network/task_networks.ts';
import { TaskRouter } from './task_router.ts';

/** What the program takes from outside, so that tests can give it. */
export interface ProgramParts {
  readonly bundle: () => Promise<string>;
  readonly askCluster: typeof askCluster;
}

/**
 * The Pulumi program: reads and checks the stack's config, then provisions one TaskRouter. All that can be wrong is found
 * before the first resource is registered, so nothing is left half done. Runs under the CLI (`index.js`) and as an inline
 * program of the Automation API.
 */
export async function program(
  parts: ProgramParts = { bundle: bundleRouter, askCluster },
): Promise<Outputs> {
  const place = { root: getRootDirectory(), project: getProject(), stack: getStack() };
  const asWritten = readStack(place, runtime.allConfig(), isConfigSecret);
  const { context } = asWritten.kubernetes;
  const kubeconfig = asWritten.kubernetes.kubeconfig?.reveal();
  const [facts, code] = await Promise.all([
    parts.askCluster(
      { kubeconfig, context },
      {
        nodePortsIn: nodePortsIn(asWritten),
        tcpService: tcpServicePlace(asWritten),
        serverSecret: asWritten.clearml.serverSecret,
      },
    ),
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
    { config, code, taskNetworks: taskNetworks.networks, version: facts.version },
    { providers: { kubernetes: provider } },
  );
  const outputs = outputsOf({
    stack: place.stack,
    clusterUid: facts.uid,
    config,
    namespace: router.namespace,
    tcpAddress: router.tcpAddress,
    httpAddress: router.httpAddress,
    taskNetworks,
    warnings: warning === undefined ? [] : [warning],
  });
  for (const text of outputs.warnings) void log.warn(text, router);
  return outputs;
}

/** Part of Pulumi's runtime that its type declarations leave out. */
const { isConfigSecret } = runtime as typeof runtime & {
  isConfigSecret: (key: string) => boolean;
};
