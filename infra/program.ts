import { Provider } from '@pulumi/kubernetes';
import { getProject, getRootDirectory, getStack, log, runtime } from '@pulumi/pulumi';

import { bundleRouter } from './bundle/bundle.ts';
import { textOf } from './checks/known_secret.ts';
import { askCluster } from './cluster/facts.ts';
import { checkIdentity } from './cluster/identity.ts';
import { checkVersion } from './cluster/version.ts';
import { readConfig } from './config/read.ts';
import type { StackConfig } from './config/schema.ts';
import { otherStackFiles, readStackFile } from './config/stack_file.ts';
import { type Outputs, outputsOf } from './outputs.ts';
import { taskNetworksOf } from './task_networks.ts';
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
  const config = stackConfig();
  const { context } = config.kubernetes;
  const kubeconfig = await textOf(config.kubernetes.kubeconfig);
  const [facts, code] = await Promise.all([
    parts.askCluster({ kubeconfig, context }),
    config.router.code === 'image' ? '' : parts.bundle(),
  ]);
  const warnings: string[] = [];
  if (facts.version === undefined) {
    warnings.push(
      `The cluster could not be asked for its version: ${facts.trouble ?? 'no answer'}.`,
    );
  } else {
    warnings.push(...[checkVersion(facts.version)].filter((warning) => warning !== undefined));
  }
  checkIdentity(config, facts);
  const taskNetworks = taskNetworksOf(config, facts);

  const provider = new Provider('cluster', providerArgs(config));
  const router = new TaskRouter(
    config.router.name,
    { config, code, taskNetworks: taskNetworks.networks, version: facts.version },
    { providers: { kubernetes: provider } },
  );
  const outputs = outputsOf({
    stack: getStack(),
    clusterUid: facts.uid,
    config,
    namespace: router.namespace,
    tcpAddress: router.tcpAddress,
    taskNetworks,
    warnings,
  });
  for (const warning of outputs.warnings) void log.warn(warning, router);
  return outputs;
}

/** Part of Pulumi's runtime that its type declarations leave out. */
const { isConfigSecret } = runtime as typeof runtime & {
  isConfigSecret: (key: string) => boolean;
};

function stackConfig(): StackConfig {
  const project = getProject();
  const stack = getStack();
  const prefix = `${project}:`;
  const own = Object.entries(runtime.allConfig()).filter(([key]) => key.startsWith(prefix));
  return readConfig({
    stack,
    values: Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])),
    storage: {
      isEncrypted: (key) => isConfigSecret(prefix + key),
      file: readStackFile(getRootDirectory(), project, stack),
    },
    neighbours: otherStackFiles(getRootDirectory(), project, stack),
  });
}

function providerArgs({ kubernetes }: StackConfig): ConstructorParameters<typeof Provider>[1] {
  return {
    ...(kubernetes.context === undefined ? {} : { context: kubernetes.context }),
    ...(kubernetes.kubeconfig === undefined ? {} : { kubeconfig: kubernetes.kubeconfig }),
  };
}
