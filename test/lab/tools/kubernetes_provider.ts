import { mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { run } from '../command.ts';
import { findProgram, firstExecutable } from '../search_path.ts';
import { downloaded } from './download.ts';
import type { AbsentTool, Tool } from './tool.ts';

const PROGRAM = 'pulumi-resource-kubernetes';
const DOWNLOAD_TIMEOUT_MS = 120_000;

const PackageFile = z.object({ version: z.string() });

/** Version of the installed Kubernetes SDK: the engine asks for the provider of the same version. */
function kubernetesSdkVersion(): string {
  const require = createRequire(import.meta.url);
  return PackageFile.parse(require('@pulumi/kubernetes/package.json')).version;
}

/** The official Kubernetes provider: installed for this user, on the PATH, or downloaded by the CLI; or why none of these. */
export async function findKubernetesProvider(
  pulumi: Tool,
  onDetail: (detail: string) => void,
): Promise<Tool | AbsentTool> {
  const version = kubernetesSdkVersion();
  const plugin = join('plugins', `resource-kubernetes-v${version}`, PROGRAM);
  const home = process.env['PULUMI_HOME'] ?? join(homedir(), '.pulumi');
  const installed = await firstExecutable([join(home, plugin)]);
  if (installed !== undefined) {
    return { name: PROGRAM, path: installed, version, source: 'installed' };
  }
  const onPath = await findProgram(PROGRAM);
  if (onPath !== undefined) return { name: PROGRAM, path: onPath, version, source: 'PATH' };
  onDetail(`${version} by the Pulumi CLI`);
  const entry = await downloaded(
    { name: 'pulumi-kubernetes', version, ingredients: [process.platform, process.arch] },
    async (scratch) => {
      const scratchHome = join(scratch, 'home');
      await mkdir(scratchHome);
      await run(
        pulumi.path,
        ['plugin', 'install', 'resource', 'kubernetes', version, '--non-interactive'],
        { environment: pulumiEnvironment(scratchHome), timeoutMs: DOWNLOAD_TIMEOUT_MS },
      );
      await rename(join(scratchHome, plugin), join(scratch, PROGRAM));
      await rm(scratchHome, { recursive: true });
    },
    onDetail,
  );
  if (typeof entry === 'string') return { source: 'absent', reason: entry };
  const source = entry.made ? 'download' : 'cache';
  return { name: PROGRAM, path: join(entry.folder, PROGRAM), version, source };
}

/** The user's own Pulumi home stays as it is. */
function pulumiEnvironment(home: string): Readonly<Record<string, string>> {
  return { PULUMI_HOME: home, PULUMI_SKIP_UPDATE_CHECK: 'true' };
}
