import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../command.ts';
import { cached } from '../cache.ts';
import { buildGoModule } from './module.ts';
import type { GoBuild } from './module.ts';
import type { GoToolchain } from './toolchain.ts';
import type { Tool } from '../tool.ts';
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

function kubernetesBuild(
  name: string,
  programs: readonly string[],
  version: string = VERSIONS.kubernetes,
): GoBuild {
  const [major = '', minor = '', patch = ''] = version.split('.');
  return {
    name,
    module: 'k8s.io/kubernetes',
    version,
    packages: programs.map((program) => `./cmd/${program}`),
    // The libraries of Kubernetes 1.x.y are published as 0.x.y.
    siblingVersion: `0.${minor}.${patch}`,
    variables: {
      'k8s.io/component-base/version.gitVersion': `v${version}`,
      'k8s.io/component-base/version.gitMajor': major,
      'k8s.io/component-base/version.gitMinor': minor,
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

/** An API server of another version than the lab's own. */
export function apiServerBuild(version: string): GoBuild {
  return {
    ...kubernetesBuild('kube-apiserver', ['kube-apiserver'], version),
    // What it was made with reached into Go's own packages in ways that the linker has refused since Go 1.23.
    linkerFlags: ['-checklinkname=0'],
  };
}

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

/** A policy engine, which the tests of network policies alone need: the lab's network plugin enforces none. */
export const NETWORK_POLICIES_BUILD: GoBuild = {
  name: 'kube-network-policies',
  module: 'sigs.k8s.io/kube-network-policies',
  version: VERSIONS.networkPolicies,
  packages: ['./cmd'],
  siblingVersion: undefined,
  variables: {},
  extraFiles: {},
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
