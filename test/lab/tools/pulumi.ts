import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { run } from '../command.ts';
import { findProgram, firstExecutable } from '../search_path.ts';
import { builtPrograms, PULUMI_BUILD } from './go/built_programs.ts';
import { downloaded } from './download.ts';
import { compareVersions } from './go/toolchain.ts';
import type { GoToolchain } from './go/toolchain.ts';
import type { AbsentTool, Tool } from './tool.ts';

/** Long enough for the CLI's 200 MB on a slow line, short enough for a person who waits. */
const DOWNLOAD_TIMEOUT_MS = 180_000;
const VERSION_TIMEOUT_MS = 20_000;
/** The oldest CLI that the Automation API of the SDK speaks to (its `minimumVersion`). */
const OLDEST_PULUMI = '3.2.0';

const PackageFile = z.object({ version: z.string() });

/** Version of the installed Pulumi SDK: the official CLI of the same version is the one to download. */
function pulumiSdkVersion(): string {
  const require = createRequire(import.meta.url);
  return PackageFile.parse(require('@pulumi/pulumi/package.json')).version;
}

/** The Pulumi CLI: from the PATH, by Pulumi's own installer, or built from its Go module; or why none of these. */
export async function findPulumi(
  go: GoToolchain | string,
  onDetail: (detail: string) => void,
): Promise<Tool | AbsentTool> {
  const onPath = await pulumiOnPath();
  if (onPath !== undefined) return onPath;
  const download = await downloadPulumi(onDetail);
  if (typeof download !== 'string') return download;
  if (typeof go === 'string') {
    return {
      source: 'absent',
      reason: `it is not on the PATH, ${go}, so it cannot be built, and ${download}`,
    };
  }
  return (await builtPrograms(PULUMI_BUILD, go, onDetail))('pulumi');
}

async function pulumiOnPath(): Promise<Tool | undefined> {
  const path = await findProgram('pulumi');
  if (path === undefined) return undefined;
  const answer = await run(path, ['version'], {
    environment: { PULUMI_SKIP_UPDATE_CHECK: 'true' },
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  const version = answer.trim().replace(/^v/, '');
  return compareVersions(version, OLDEST_PULUMI) < 0
    ? undefined
    : { name: 'pulumi', path, version, source: 'PATH' };
}

async function downloadPulumi(onDetail: (detail: string) => void): Promise<Tool | string> {
  const version = pulumiSdkVersion();
  onDetail(`${version} by Pulumi's own installer`);
  const entry = await downloaded(
    { name: 'pulumi-cli', version, ingredients: [process.platform, process.arch] },
    async (scratch) => {
      const installer = join(import.meta.dirname, 'pulumi_download.ts');
      await run(process.execPath, [installer, scratch], { timeoutMs: DOWNLOAD_TIMEOUT_MS });
    },
    onDetail,
  );
  if (typeof entry === 'string') return entry;
  const source = entry.made ? 'download' : 'cache';
  return { name: 'pulumi', path: join(entry.folder, 'bin', 'pulumi'), version, source };
}

/** The language host that runs a Pulumi program in Node: beside the CLI, where its makers put it, or on the PATH. */
export async function findLanguageHost(pulumi: Tool): Promise<Tool | AbsentTool> {
  const name = 'pulumi-language-nodejs';
  const beside = await firstExecutable([join(dirname(pulumi.path), name)]);
  if (beside !== undefined) {
    return { name, path: beside, version: pulumi.version, source: pulumi.source };
  }
  const path = await findProgram(name);
  return path === undefined
    ? { source: 'absent', reason: `${name} comes only with Pulumi's own download` }
    : { name, path, version: pulumi.version, source: 'PATH' };
}
