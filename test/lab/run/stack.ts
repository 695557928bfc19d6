import { mkdir, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { log, RunError } from '@pulumi/pulumi';
import {
  LocalWorkspace,
  PulumiCommand,
  type LocalWorkspaceOptions,
  type PulumiFn,
  type Stack,
} from '@pulumi/pulumi/automation/index.js';

import type { AbsentTool, Tool } from '../tools/tool.ts';
import { runMark } from './left_processes.ts';
import { PROJECT, STACK } from './stack_config.ts';
import type { WorkFolder } from './work_folder.ts';

/** The programs that a stack is run with. */
export interface StackTools {
  readonly pulumi: Tool;
  readonly languageHost: Tool | AbsentTool;
  readonly kubernetesProvider: Tool | AbsentTool;
}

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const STAND_IN = fileURLToPath(new URL('../provider', import.meta.url));

/**
 * The program, run inside of this process. What its reader can mend is logged, which fails the run as well: thrown, it would
 * also reach this process as an unhandled rejection, since the Automation API awaits only one of the promises that carry it.
 */
async function program(): Promise<Record<string, unknown>> {
  const infra = await import('../../../infra/program.ts');
  try {
    return { ...(await infra.program()) };
  } catch (error) {
    if (!RunError.isInstance(error)) throw error;
    await log.error(error.message);
    return {};
  }
}

async function command(pulumi: Tool): Promise<PulumiCommand> {
  return pulumi.source === 'PATH'
    ? PulumiCommand.get({ skipVersionCheck: true })
    : PulumiCommand.get({ root: dirname(dirname(pulumi.path)), skipVersionCheck: true });
}

/** Environment of the CLI: its state in the work folder, and the provider that is to be used found first. */
export async function stackEnvironment(
  folder: WorkFolder,
  tools: StackTools,
): Promise<Record<string, string>> {
  const provider = 'path' in tools.kubernetesProvider ? tools.kubernetesProvider : undefined;
  const backend = join(folder.pulumi, 'backend');
  await mkdir(backend, { recursive: true });
  return {
    ...runMark(folder),
    PULUMI_HOME: join(folder.pulumi, 'home'),
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE: await folder.passphrase(),
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PATH: [
      provider === undefined ? STAND_IN : dirname(provider.path),
      process.env['PATH'] ?? '',
    ].join(delimiter),
  };
}

/**
 * The stack, made where there is none. With the language host, the CLI runs the project as it does for users; without, the
 * same program runs inside of this process, through the Automation API. A program that is given instead always runs inside.
 */
export async function openStack(
  folder: WorkFolder,
  tools: StackTools,
  stackName = STACK,
  otherProgram?: PulumiFn,
): Promise<Stack> {
  const options: LocalWorkspaceOptions = {
    pulumiCommand: await command(tools.pulumi),
    envVars: await stackEnvironment(folder, tools),
    secretsProvider: 'passphrase',
  };
  if ('path' in tools.languageHost && otherProgram === undefined) {
    return LocalWorkspace.createOrSelectStack({ stackName, workDir: REPOSITORY }, options);
  }
  const workDir = join(folder.pulumi, 'project');
  await mkdir(workDir, { recursive: true });
  return LocalWorkspace.createOrSelectStack(
    { stackName, projectName: PROJECT, program: otherProgram ?? program },
    { ...options, workDir, projectSettings: { name: PROJECT, runtime: 'nodejs' } },
  );
}

/** Forgets the stack, whatever its cluster still holds. */
export async function forgetStack(folder: WorkFolder): Promise<void> {
  await rm(folder.pulumi, { recursive: true, force: true });
  await rm(join(REPOSITORY, `Pulumi.${STACK}.yaml`), { force: true });
}
