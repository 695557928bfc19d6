/** Where a tool was found. */
export type ToolSource =
  /** On the PATH of this process. */
  | 'PATH'
  /** Installed for this user, outside the PATH (Pulumi's plugin folder, node_modules). */
  | 'installed'
  /** Downloaded by its maker's own means. */
  | 'download'
  /** Built from its Go module in this run. */
  | 'built'
  /** Built from its Go module in an earlier run. */
  | 'cache';

/** One program, ready to run. */
export interface Tool {
  readonly name: string;
  /** Absolute path of the executable. */
  readonly path: string;
  /** As the program states it, without a leading `v`. */
  readonly version: string;
  readonly source: ToolSource;
}

/** A part that cannot be had here, and why, in words for the person who runs the lab. */
export interface AbsentTool {
  readonly source: 'absent';
  readonly reason: string;
}

/** The programs that make up the lab's own one-node cluster. */
export interface ClusterTools {
  readonly etcd: Tool;
  readonly kubeApiserver: Tool;
  readonly kubeControllerManager: Tool;
  readonly kubeScheduler: Tool;
  readonly kubelet: Tool;
  readonly kubeProxy: Tool;
  /** The images' `pause`: the process that holds a pod's namespaces. */
  readonly pause: Tool;
  readonly containerd: Tool;
  readonly ctr: Tool;
  /** Folder of the CNI plugins. */
  readonly cniPlugins: string;
  readonly ingressController: Tool | AbsentTool;
}

/** Everything that a run found or made. */
export interface Tools {
  readonly pulumi: Tool;
  /** Absent: programs can only run inline, through the Automation API. */
  readonly languageHost: Tool | AbsentTool;
  /** Absent: a run uses the lab's stand-in for the provider, and says so. */
  readonly kubernetesProvider: Tool | AbsentTool;
  /** Absent only where the user's own cluster is used: nothing but the printed hints needs it there. */
  readonly kubectl: Tool | AbsentTool;
  /** There when the run wants a cluster of its own. */
  readonly cluster: ClusterTools | undefined;
}

/** `cluster`: a cluster of the lab's own. `context`: a cluster that the user named. */
export type Wants = 'cluster' | 'context';

/** Told about each step as it begins; `step` is stable through a step, `detail` changes. */
export type OnProgress = (step: string, detail: string) => void;
