import { run } from '../command.ts';
import { LabError } from '../errors.ts';
import { findProgram } from '../search_path.ts';
import {
  buildPause,
  builtPrograms,
  ETCD_BUILD,
  KUBERNETES_BUILD,
  TRAEFIK_BUILD,
} from './go/built_programs.ts';
import type { GoToolchain } from './go/toolchain.ts';
import { keepReason } from './kept_reason.ts';
import { cniPluginFolder } from './system_packages.ts';
import type { AbsentTool, ClusterTools, OnProgress, Tool } from './tool.ts';

/** The programs of the lab's own cluster: built, or found where `clusterMissing` has seen to it that they are. */
export async function clusterTools(go: GoToolchain, onProgress: OnProgress): Promise<ClusterTools> {
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
    const file = await keepReason('ingress-controller', error.message);
    return { source: 'absent', reason: `it could not be built, and ${file} says why` };
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
