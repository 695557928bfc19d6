import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CoreV1Api, KubeConfig, VersionApi } from '@kubernetes/client-node';
import { LabError } from '../errors.ts';
import { tryLock } from '../lock.ts';
import type { ClusterTools, OnProgress, Tools } from '../tools/tool.ts';
import { makeCgroups } from './cgroups.ts';
import type { Cluster } from './cluster.ts';
import { clusterName } from './cluster_name.ts';
import { chooseSnapshotter, PAUSE_IMAGE, startContainerd } from './containerd.ts';
import { startApiServer, startControllers } from './control_plane.ts';
import { Daemons } from './daemons.ts';
import { removeCluster } from './down.ts';
import { pauseImage } from './image.ts';
import type { Image } from './image.ts';
import { importImages } from './import_images.ts';
import { startIngressController } from './ingress_controller.ts';
import { CONTEXT, writeKubeconfig } from './kubeconfig.ts';
import { startNamespaces } from './namespaces.ts';
import { linkNetworks } from './network_link.ts';
import type { Networks } from './networks.ts';
import { startNode } from './node.ts';
import { makePki, makeTokens, NODE_NAME } from './pki.ts';
import type { Identity, Pki, Tokens } from './pki.ts';
import { mountPrivateFolders, PRIVATE_FOLDERS } from './private_mounts.ts';
import { writeState } from './state.ts';

export interface ClusterUpOptions {
  /** Where the cluster keeps its state: logs, kubeconfig, etcd, images. Created; what an earlier run left there is removed first. */
  readonly directory: string;
  readonly tools: Tools;
  readonly images: readonly Image[];
  readonly onProgress: OnProgress;
}

const STEP = 'Cluster';
const API_SERVER_TIMEOUT_MS = 60_000;
const NODE_TIMEOUT_MS = 120_000;

/**
 * Starts the cluster and returns when its node is Ready. A failure leaves nothing behind but the logs.
 *
 * @throws LabError `IN_USE` while another process starts or removes the cluster of this directory; `CLUSTER_FAILED`
 */
export async function clusterUp(options: ClusterUpOptions): Promise<Cluster> {
  const directory = resolve(options.directory);
  const { cluster: tools } = options.tools;
  if (tools === undefined) throw new LabError('CLUSTER_FAILED', 'The cluster has no tools.');
  refuseHiddenDirectory(directory);
  await mkdir(directory, { recursive: true });
  const name = await clusterName(directory);
  const held = await tryLock(`cluster/${name}`);
  if (held === undefined) {
    throw new LabError('IN_USE', `Another process starts or removes the cluster of ${directory}.`);
  }
  try {
    await removeCluster(directory, { keepLogs: false });
    await mkdir(directory, { recursive: true });
    try {
      return await start(name, directory, tools, options);
    } catch (error) {
      await removeCluster(directory, { keepLogs: true });
      throw error;
    }
  } finally {
    held.release();
  }
}

/** The cluster has its own version of some folders, and would not see a state directory below them. */
function refuseHiddenDirectory(directory: string): void {
  const hidden = PRIVATE_FOLDERS.find((folder) => `${directory}/`.startsWith(`${folder}/`));
  if (hidden === undefined) return;
  throw new LabError(
    'CLUSTER_FAILED',
    `The state of a cluster cannot lie below ${hidden}: ${directory}. Move the checkout elsewhere.`,
  );
}

async function start(
  name: string,
  directory: string,
  tools: ClusterTools,
  { images, onProgress }: ClusterUpOptions,
): Promise<Cluster> {
  onProgress(STEP, 'namespaces and network');
  const state = await startNamespaces(name, (recorded) => writeState(directory, recorded));
  const initPid = state.init.pid;
  await mountPrivateFolders(directory, initPid);
  await makeCgroups(name);
  const networks = await linkNetworks(name, initPid);

  onProgress(STEP, 'etcd and API server');
  const pki = await makePki(join(directory, 'pki'), networks);
  const tokenFile = join(directory, 'pki', 'tokens.csv');
  const tokens = await makeTokens(tokenFile);
  const kubeconfigs = await writeKubeconfigs(directory, networks, pki, tokens);
  const daemons = new Daemons(join(directory, 'log'), initPid);
  const snapshotter = await chooseSnapshotter(directory);
  await startApiServer(daemons, directory, tools, networks, pki, tokenFile);
  await startContainerd(daemons, directory, tools, networks, snapshotter, initPid);
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigs.admin);
  await daemons.until('the start of the API server', API_SERVER_TIMEOUT_MS, async () => {
    await config.makeApiClient(VersionApi).getCode();
    return true;
  });

  onProgress(STEP, 'node and images');
  await startControllers(daemons, directory, tools, networks, pki, kubeconfigs);
  await startNode(daemons, directory, name, tools, networks, pki, kubeconfigs);
  await daemons.start(
    'load-balancer',
    [process.execPath, join(import.meta.dirname, 'load_balancer.ts'), networks.loadBalancers],
    { KUBECONFIG: kubeconfigs.admin },
  );
  await importImages(
    directory,
    tools,
    [pauseImage(PAUSE_IMAGE, tools.pause.path), ...images],
    snapshotter,
    initPid,
  );
  onProgress(STEP, 'ingress controller');
  const ingress = await startIngressController(
    daemons,
    tools.ingressController,
    kubeconfigs.admin,
    networks.nodeAddress,
  );
  onProgress(STEP, 'waiting for the node');
  const api = config.makeApiClient(CoreV1Api);
  await daemons.until('the start of the node', NODE_TIMEOUT_MS, async () => {
    const node = await api.readNode({ name: NODE_NAME });
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
    return ready?.status === 'True';
  });
  await daemons.until('the default service account', NODE_TIMEOUT_MS, async () => {
    await api.readNamespacedServiceAccount({ name: 'default', namespace: 'default' });
    return true;
  });
  return {
    name,
    directory,
    kubeconfig: kubeconfigs.admin,
    context: CONTEXT,
    nodeName: NODE_NAME,
    nodeAddress: networks.nodeAddress,
    hostAddress: networks.hostAddress,
    podNetwork: networks.pods,
    serviceNetwork: networks.services,
    loadBalancerNetwork: networks.loadBalancers,
    ingress,
    namespacePid: initPid,
  };
}

async function writeKubeconfigs(
  directory: string,
  networks: Networks,
  pki: Pki,
  tokens: Tokens,
): Promise<Readonly<Record<Identity, string>>> {
  const server = `https://${networks.nodeAddress}:6443`;
  const files: Readonly<Record<Identity, string>> = {
    admin: join(directory, 'kubeconfig'),
    controllerManager: join(directory, 'pki', 'controller-manager.kubeconfig'),
    scheduler: join(directory, 'pki', 'scheduler.kubeconfig'),
    kubelet: join(directory, 'pki', 'kubelet.kubeconfig'),
    kubeProxy: join(directory, 'pki', 'kube-proxy.kubeconfig'),
  };
  for (const identity of Object.keys(files) as Identity[]) {
    const token = tokens[identity];
    await writeKubeconfig(files[identity], server, pki.certificateAuthorityData, token);
  }
  return files;
}
