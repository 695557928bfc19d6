import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import { cached } from './cache.ts';
import { buildGoModule } from './go_module.ts';
import type { GoBuild } from './go_module.ts';
import type { GoToolchain } from './go_toolchain.ts';
import type { Tool } from './tool.ts';
import { VERSIONS } from './versions.ts';

/** Pulumi's CLI with its engine; the language hosts are modules of their own that are not published. */
export const PULUMI_BUILD: GoBuild = {
  name: 'pulumi',
  module: 'github.com/pulumi/pulumi/pkg/v3',
  version: VERSIONS.pulumi,
  packages: ['./cmd/pulumi'],
  siblingVersion: VERSIONS.pulumi,
  variables: {
    'github.com/pulumi/pulumi/sdk/v3/go/common/version.Version': `v${VERSIONS.pulumi}`,
  },
  extraFiles: {},
};

export const ETCD_BUILD: GoBuild = {
  name: 'etcd',
  module: 'go.etcd.io/etcd/server/v3',
  version: VERSIONS.etcd,
  packages: ['.'],
  siblingVersion: VERSIONS.etcd,
  variables: {},
  extraFiles: {},
};

const [KUBERNETES_MAJOR = '', KUBERNETES_MINOR = '', KUBERNETES_PATCH = ''] =
  VERSIONS.kubernetes.split('.');

function kubernetesBuild(name: string, programs: readonly string[]): GoBuild {
  return {
    name,
    module: 'k8s.io/kubernetes',
    version: VERSIONS.kubernetes,
    packages: programs.map((program) => `./cmd/${program}`),
    // The libraries of Kubernetes 1.x.y are published as 0.x.y.
    siblingVersion: `0.${KUBERNETES_MINOR}.${KUBERNETES_PATCH}`,
    variables: {
      'k8s.io/component-base/version.gitVersion': `v${VERSIONS.kubernetes}`,
      'k8s.io/component-base/version.gitMajor': KUBERNETES_MAJOR,
      'k8s.io/component-base/version.gitMinor': KUBERNETES_MINOR,
    },
    extraFiles: {},
  };
}

export const KUBERNETES_BUILD = kubernetesBuild('kubernetes', [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
]);

export const KUBECTL_BUILD = kubernetesBuild('kubectl', ['kubectl']);

export const TRAEFIK_BUILD: GoBuild = {
  name: 'traefik',
  module: 'github.com/traefik/traefik/v3',
  version: VERSIONS.traefik,
  packages: ['./cmd/traefik'],
  siblingVersion: undefined,
  variables: { 'github.com/traefik/traefik/v3/pkg/version.Version': VERSIONS.traefik },
  // The dashboard is built by Traefik's makers, embedded, and no part of the Go module.
  extraFiles: { 'webui/static/index.html': '<!doctype html><title>No dashboard</title>\n' },
};

/** Builds `build`, or takes it from the cache, and says where its programs are: by name. */
export async function builtPrograms(
  build: GoBuild,
  go: GoToolchain,
  onDetail: (detail: string) => void,
): Promise<(name: string) => Tool> {
  const { folder, made } = await buildGoModule(build, go, onDetail);
  return (name) => ({
    name,
    path: join(folder, 'bin', name),
    version: build.version,
    source: made ? 'built' : 'cache',
  });
}

/** The `pause` of the cluster's pods, built from the source beside this file. */
export async function buildPause(
  go: GoToolchain,
  onDetail: (detail: string) => void,
): Promise<Tool> {
  const source = join(import.meta.dirname, 'pause.go');
  const { folder, made } = await cached(
    {
      name: 'pause',
      version: VERSIONS.pause,
      ingredients: [await readFile(source, 'utf8'), go.version, go.platform],
    },
    async (scratch) => {
      onDetail('pause');
      await run(
        go.path,
        ['build', '-trimpath', '-ldflags', '-s -w', '-o', join(scratch, 'pause'), source],
        { environment: { CGO_ENABLED: '0', GOWORK: 'off' } },
      );
    },
    () => onDetail('waiting for another run that builds it'),
  );
  return {
    name: 'pause',
    path: join(folder, 'pause'),
    version: VERSIONS.pause,
    source: made ? 'built' : 'cache',
  };
}
