import { LabError } from '../errors.ts';
import { run } from '../command.ts';
import {
  buildPause,
  builtPrograms,
  ETCD_BUILD,
  KUBECTL_BUILD,
  KUBERNETES_BUILD,
  TRAEFIK_BUILD,
} from './built_programs.ts';
import { findGo, OLDEST_GO } from './go_toolchain.ts';
import type { GoToolchain } from './go_toolchain.ts';
import { findKubernetesProvider } from './kubernetes_provider.ts';
import { missingError } from './prerequisites.ts';
import type { Missing } from './prerequisites.ts';
import { findLanguageHost, findPulumi } from './pulumi.ts';
import { findProgram } from '../search_path.ts';
import { cniPluginFolder, installPackages, missingPackages } from './system_packages.ts';
import type { AbsentTool, ClusterTools, OnProgress, Tool, Tools, Wants } from './tool.ts';

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
  const missing: readonly Missing[] =
    wants === 'cluster' ? [...machineMissing(go), ...(await systemMissing(options))] : [];
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

/** What the machine itself lacks for a cluster of its own. */
function machineMissing(go: GoToolchain | string): readonly Missing[] {
  const missing: Missing[] = [];
  if (process.platform !== 'linux') {
    missing.push({
      what: `Linux: this is ${process.platform}, and a one-node cluster is made of Linux namespaces`,
      remedy: 'Run it in a Linux virtual machine.',
    });
  } else if (process.getuid?.() !== 0) {
    missing.push({
      what: 'root: namespaces, mounts and network links need it',
      remedy: 'Run it as root.',
    });
  }
  if (typeof go === 'string') {
    missing.push({
      what: `Go ${OLDEST_GO} or newer, which builds the cluster's programs: ${go}`,
      remedy: 'Install Go as go.dev/doc/install describes, and put its bin folder on the PATH.',
    });
  }
  return missing;
}

/** Installs the system's packages where that is possible and allowed, and returns what is missing still. */
async function systemMissing(options: PrepareOptions): Promise<readonly Missing[]> {
  if (process.platform !== 'linux') return [];
  const before = await missingPackages();
  if (before.size === 0) return [];
  const packages = [...before.keys()];
  const programs = [...before.values()].flat().join(', ');
  const command = `apt-get install ${packages.join(' ')}`;
  const what = `system packages: ${packages.join(', ')} (for ${programs})`;
  if ((await findProgram('apt-get')) === undefined) {
    return [{ what, remedy: 'Install them with the package manager of this system.' }];
  }
  if (options.noInstall) {
    return [{ what, remedy: `Leave out --no-install, or run: ${command}` }];
  }
  if (process.getuid?.() !== 0) return [{ what, remedy: `As root, run: ${command}` }];
  let failure = 'apt-get left them out';
  try {
    await installPackages(packages, (detail) => options.onProgress('System packages', detail));
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  return (await missingPackages()).size === 0
    ? []
    : [{ what, remedy: `Installing them failed (${failure}). Run: ${command}` }];
}

function pulumiMissing(pulumi: AbsentTool): Missing {
  return {
    what: `the Pulumi CLI: ${pulumi.reason}`,
    remedy: 'Install it as pulumi.com/docs/install describes.',
  };
}

async function clusterTools(go: GoToolchain, onProgress: OnProgress): Promise<ClusterTools> {
  const etcd = await builtPrograms(ETCD_BUILD, go, (detail) => onProgress('etcd', detail));
  const kubernetes = await builtPrograms(KUBERNETES_BUILD, go, (detail) =>
    onProgress('Kubernetes', detail),
  );
  return {
    etcd: { ...etcd('server'), name: 'etcd' },
    kubeApiserver: kubernetes('kube-apiserver'),
    kubeControllerManager: kubernetes('kube-controller-manager'),
    kubeScheduler: kubernetes('kube-scheduler'),
    kubelet: kubernetes('kubelet'),
    kubeProxy: kubernetes('kube-proxy'),
    pause: await buildPause(go, (detail) => onProgress('Pod images', detail)),
    containerd: await systemTool('containerd'),
    ctr: await systemTool('ctr'),
    cniPlugins: (await cniPluginFolder()) ?? '',
    ingressController: await ingressController(go, onProgress),
  };
}

/** A cluster without an ingress controller is still of use, so a failed build is no error. */
async function ingressController(
  go: GoToolchain,
  onProgress: OnProgress,
): Promise<Tool | AbsentTool> {
  try {
    const traefik = await builtPrograms(TRAEFIK_BUILD, go, (detail) =>
      onProgress('Ingress controller', detail),
    );
    return traefik('traefik');
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { source: 'absent', reason: error.message };
  }
}

async function systemTool(name: string): Promise<Tool> {
  const path = await findProgram(name);
  if (path === undefined) {
    throw new LabError('PREREQUISITES_MISSING', `${name} was there a moment ago, and is gone`);
  }
  const version = /\d+\.\d+\.\d+/.exec(await run(path, ['--version']))?.[0] ?? 'unknown';
  return { name, path, version, source: 'PATH' };
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
