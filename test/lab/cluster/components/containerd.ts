import { mkdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runInside } from '../processes/namespaces.ts';
import type { Networks } from '../network/networks.ts';
import type { Setup } from '../setup.ts';

/** Inside the cluster's own /run. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

/** The image of the process that holds a pod's namespaces. */
export const PAUSE_IMAGE = 'task-traffic-router.lab/pause:1';

/** How containerd keeps the layers of images. */
export type Snapshotter = 'overlayfs' | 'native';

/** From linux/magic.h: overlayfs and NFS carry no overlay on top. */
const NO_OVERLAY_ON: readonly number[] = [0x794c7630, 0x6969];

/** `native`, which copies, where the state directory lies on a file system that carries no overlay. */
export async function chooseSnapshotter(directory: string): Promise<Snapshotter> {
  const { type } = await statfs(directory);
  return NO_OVERLAY_ON.includes(type) ? 'native' : 'overlayfs';
}

/** Starts containerd and waits until it answers. */
export async function startContainerd(setup: Setup): Promise<void> {
  const { daemons, directory, tools, networks, snapshotter, initPid } = setup;
  const network = join(directory, 'cni-config');
  await mkdir(network, { recursive: true });
  await writeFile(join(network, '10-lab.conflist'), networkConfig(networks));
  const config = join(directory, 'containerd.toml');
  await writeFile(config, containerdConfig(tools.cniPlugins, network, snapshotter));
  const temporary = join(directory, 'tmp');
  await mkdir(temporary, { recursive: true });
  await daemons.start('containerd', [tools.containerd.path, '--config', config], {
    TMPDIR: temporary,
  });
  await daemons.until('the start of containerd', 30_000, async () => {
    await runInside(initPid, tools.ctr.path, '-a', CONTAINERD_SOCKET, 'version');
    return true;
  });
}

function containerdConfig(
  pluginFolder: string,
  networkFolder: string,
  snapshotter: Snapshotter,
): string {
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]

[grpc]
  address = "${CONTAINERD_SOCKET}"

[plugins."io.containerd.internal.v1.opt"]
  path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  # Where the machine itself may not lower a score, a pod that asks for it would not start.
  restrict_oom_score_adj = true
  # Its profile would stay loaded in the host's kernel.
  disable_apparmor = true

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "${snapshotter}"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${pluginFolder}"
    conf_dir = "${networkFolder}"
`;
}

/**
 * Each pod has a link of its own to the node, without a bridge: answers cannot pass the node's address translation by, so
 * that a pod reaches a Service whose pod is on the same node without the kernel's br_netfilter.
 */
function networkConfig(networks: Networks): string {
  return JSON.stringify({
    cniVersion: '0.4.0',
    name: 'lab',
    plugins: [
      {
        type: 'ptp',
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: networks.pods }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  });
}
