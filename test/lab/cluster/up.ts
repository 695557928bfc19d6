import { mkdir } from 'node:fs/promises';
import { get, type RequestOptions } from 'node:https';
import { join, resolve } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { LabError } from '../errors.ts';
import { tryLock } from '../lock.ts';
import type { ClusterTools, OnProgress, Tools } from '../tools/tool.ts';
import { makeCgroups } from './processes/cgroups.ts';
import type { Cluster } from './cluster.ts';
import { clusterName } from './cluster_name.ts';
import { chooseSnapshotter, PAUSE_IMAGE, startContainerd } from './components/containerd.ts';
import { startApiServer, startControllers } from './components/control_plane.ts';
import { Daemons } from './processes/daemons.ts';
import { removeCluster } from './down.ts';
import { pauseImage } from './images/image.ts';
import type { Image } from './images/image.ts';
import { importImages } from './images/import_images.ts';
import { startIngressController } from './components/ingress_controller.ts';
import { CONTEXT, writeKubeconfigs } from './certificates/kubeconfig.ts';
import { startNamespaces } from './processes/namespaces.ts';
import { linkNetworks } from './network/network_link.ts';
import { startNode } from './components/node.ts';
import { makePki, NODE_NAME } from './certificates/pki.ts';
import { mountPrivateFolders, PRIVATE_FOLDERS } from './processes/private_mounts.ts';
import type { Setup } from './setup.ts';
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
  const setup = await prepare(name, directory, tools);
  const { daemons, kubeconfigs, networks } = setup;

  onProgress(STEP, 'etcd and API server');
  await startApiServer(setup);
  await startContainerd(setup);
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigs.admin);
  await daemons.until('the start of the API server', API_SERVER_TIMEOUT_MS, () => isReady(config));

  onProgress(STEP, 'node and images');
  await startControllers(setup);
  await startNode(setup);
  await daemons.start(
    'load-balancer',
    [
      process.execPath,
      join(import.meta.dirname, 'network/load_balancer.ts'),
      networks.loadBalancers,
    ],
    { KUBECONFIG: kubeconfigs.admin },
  );
  await importImages(setup, [pauseImage(PAUSE_IMAGE, tools.pause.path), ...images]);

  onProgress(STEP, 'ingress controller');
  const ingress = await startIngressController(setup);

  onProgress(STEP, 'waiting for the node');
  await awaitNode(daemons, config.makeApiClient(CoreV1Api));
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
    dnsAddress: networks.dns,
    loadBalancerNetwork: networks.loadBalancers,
    ingress,
    namespacePid: setup.initPid,
  };
}

/** Everything that the programs of the cluster find when they start. */
async function prepare(name: string, directory: string, tools: ClusterTools): Promise<Setup> {
  const { init } = await startNamespaces(name, (state) => writeState(directory, state));
  await mountPrivateFolders(directory, init.pid);
  await makeCgroups(name);
  const networks = await linkNetworks(name, init.pid);
  const pki = await makePki(join(directory, 'pki'), networks);
  return {
    name,
    directory,
    initPid: init.pid,
    tools,
    networks,
    pki,
    kubeconfigs: await writeKubeconfigs(directory, networks, pki),
    snapshotter: await chooseSnapshotter(directory),
    daemons: new Daemons(join(directory, 'log'), init.pid),
  };
}

/** The roles that Kubernetes' own programs have are made by then: the controller manager ends where it is refused for ten seconds. */
async function isReady(config: KubeConfig): Promise<boolean> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return new Promise((resolve, reject) => {
    get(new URL('/readyz', config.getCurrentCluster()?.server), options, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).on('error', reject);
  });
}

/** Waits until pods can be started: the node is Ready, and the default namespace has its service account. */
async function awaitNode(daemons: Daemons, api: CoreV1Api): Promise<void> {
  await daemons.until('the start of the node', NODE_TIMEOUT_MS, async () => {
    const node = await api.readNode({ name: NODE_NAME });
    const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
    return ready?.status === 'True';
  });
  await daemons.until('the default service account', NODE_TIMEOUT_MS, async () => {
    await api.readNamespacedServiceAccount({ name: 'default', namespace: 'default' });
    return true;
  });
}
