import { LabError } from '../errors.ts';
import type { OnProgress, Tools } from '../tools/tool.ts';
import type { Cluster } from './cluster.ts';
import type { Image } from './image.ts';

export interface ClusterUpOptions {
  /** Where the cluster keeps its state: logs, kubeconfig, etcd, images. Created; what an earlier run left there is removed first. */
  readonly directory: string;
  readonly tools: Tools;
  readonly images: readonly Image[];
  readonly onProgress: OnProgress;
}

/** Starts the cluster and returns when its node is Ready. A failure leaves nothing behind but the logs. */
export function clusterUp(options: ClusterUpOptions): Promise<Cluster> {
  return Promise.reject(new LabError('CLUSTER_FAILED', `not yet available: ${options.directory}`));
}
