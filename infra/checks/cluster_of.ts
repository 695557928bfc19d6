import type { KubeConfig } from '@kubernetes/client-node';

import { kubeConfigOf } from '../cluster/kube_config.ts';
import { type ClusterReader, clusterReader } from '../cluster/reader.ts';
import type { StackConfig } from '../config/stack_config.ts';

/** The cluster of a stack, as the checks ask it. */
export interface ClusterOfStack {
  readonly kubeConfig: KubeConfig;
  readonly reader: ClusterReader;
}

/** @throws InfraError `config-invalid` when the kubeconfig lacks the context that config names. */
export function clusterOf({ kubernetes }: StackConfig): ClusterOfStack {
  const kubeconfig = kubernetes.kubeconfig?.reveal();
  const kubeConfig = kubeConfigOf({ kubeconfig, context: kubernetes.context });
  return { kubeConfig, reader: clusterReader(kubeConfig) };
}
