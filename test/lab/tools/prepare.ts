import { run } from '../command.ts';
import { findProgram } from '../search_path.ts';
import { builtPrograms, KUBECTL_BUILD } from './go/built_programs.ts';
import { clusterMissing } from './cluster_missing.ts';
import { clusterTools } from './cluster_tools.ts';
import { findGo } from './go/toolchain.ts';
import type { GoToolchain } from './go/toolchain.ts';
import { findKubernetesProvider } from './kubernetes_provider.ts';
import { missingError } from './prerequisites.ts';
import type { Missing } from './prerequisites.ts';
import { findLanguageHost, findPulumi } from './pulumi.ts';
import type { AbsentTool, OnProgress, Tool, Tools, Wants } from './tool.ts';

export interface PrepareOptions {
  /** Installs no system package. What is built or downloaded still goes into the cache of this user. */
  readonly noInstall: boolean;
  readonly wants: Wants;
  readonly onProgress: OnProgress;
}

/**
 * Finds or makes every program that a run needs, each from the best source that is there.
 *
 * @throws LabError `PREREQUISITES_MISSING` that names all that is missing at once, and what the user can do.
 */
export async function prepareTools(options: PrepareOptions): Promise<Tools> {
  const { onProgress, wants } = options;
  const go = await findGo();
  const missing =
    wants === 'cluster'
      ? await clusterMissing(go, options.noInstall, (detail) =>
          onProgress('System packages', detail),
        )
      : [];
  // With Go it can be built at least: nobody waits for that only to be told of the rest.
  if (missing.length > 0 && typeof go !== 'string') throw missingError(missing, true);
  const pulumi = await findPulumi(go, (detail) => onProgress('Pulumi CLI', detail));
  if (pulumi.source === 'absent') {
    throw missingError([...missing, pulumiMissing(pulumi)], wants === 'cluster');
  }
  if (missing.length > 0) throw missingError(missing, true);
  const languageHost = await findLanguageHost(pulumi);
  const kubernetesProvider = await findKubernetesProvider(pulumi, (detail) =>
    onProgress('Kubernetes provider', detail),
  );
  if (wants === 'context' || typeof go === 'string') {
    const kubectl = (await kubectlOnPath()) ?? {
      source: 'absent' as const,
      reason: 'kubectl is not on the PATH',
    };
    return { pulumi, languageHost, kubernetesProvider, kubectl, cluster: undefined };
  }
  return {
    pulumi,
    languageHost,
    kubernetesProvider,
    cluster: await clusterTools(go, onProgress),
    kubectl: (await kubectlOnPath()) ?? (await builtKubectl(go, onProgress)),
  };
}

function pulumiMissing(pulumi: AbsentTool): Missing {
  return {
    what: `the Pulumi CLI: ${pulumi.reason}`,
    remedy: 'Install it as pulumi.com/docs/install describes.',
  };
}

async function kubectlOnPath(): Promise<Tool | undefined> {
  const path = await findProgram('kubectl');
  if (path === undefined) return undefined;
  const answer = await run(path, ['version', '--client']);
  const version = /v(\d+\.\d+\.\d+)/.exec(answer)?.[1] ?? 'unknown';
  return { name: 'kubectl', path, version, source: 'PATH' };
}

async function builtKubectl(go: GoToolchain, onProgress: OnProgress): Promise<Tool> {
  const programs = await builtPrograms(KUBECTL_BUILD, go, (detail) =>
    onProgress('kubectl', detail),
  );
  return programs('kubectl');
}
