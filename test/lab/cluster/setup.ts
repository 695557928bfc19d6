import type { ClusterTools } from '../tools/tool.ts';
import type { Snapshotter } from './components/containerd.ts';
import type { Daemons } from './processes/daemons.ts';
import type { Networks } from './network/networks.ts';
import type { Identity, Pki } from './certificates/pki.ts';

/** What the parts of a cluster share while it is started. */
export interface Setup {
  readonly name: string;
  /** Absolute path of the state directory. */
  readonly directory: string;
  /** The first process of the cluster's namespaces, in the host's process numbers. */
  readonly initPid: number;
  readonly tools: ClusterTools;
  readonly networks: Networks;
  readonly pki: Pki;
  /** Paths: one kubeconfig for each who speaks to the API server. */
  readonly kubeconfigs: Readonly<Record<Identity, string>>;
  readonly snapshotter: Snapshotter;
  readonly daemons: Daemons;
}
