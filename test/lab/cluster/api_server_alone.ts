import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { KubeConfig, VersionApi } from '@kubernetes/client-node';

import { waitFor } from '../run/kubernetes/wait.ts';
import { searchPath } from '../search_path.ts';
import type { Tool } from '../tools/tool.ts';
import { networksOf } from './network/networks.ts';
import { makePki } from './certificates/pki.ts';
import { freePort } from '../free_port.ts';

/** An API server without a cluster: it takes objects, and nothing becomes of them. */
export interface LoneApiServer {
  readonly config: KubeConfig;
  readonly stop: () => Promise<void>;
}

const START_SECONDS = 90;

/** Starts etcd and an API server on this machine's own address; both end with this process, however it ends. */
export async function startApiServerAlone(
  directory: string,
  { etcd, kubeApiserver }: { readonly etcd: Tool; readonly kubeApiserver: Tool },
): Promise<LoneApiServer> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const networks = networksOf('10.200.0.0/16');
  const pki = await makePki(join(directory, 'pki'), networks);
  const [port, client, peer] = await Promise.all([freePort(), freePort(), freePort()]);
  const started: ChildProcess[] = [];

  const start = async (program: string, ...args: readonly string[]): Promise<void> => {
    const log = await open(join(directory, `${started.length}.log`), 'w');
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      env: { ...process.env, PATH: searchPath() },
      stdio: ['ignore', log.fd, log.fd],
    });
    started.push(child);
    await log.close();
  };
  const stop = async (): Promise<void> => {
    for (const child of started.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  };

  const store = `http://127.0.0.1:${client}`;
  try {
    await start(
      etcd.path,
      `--data-dir=${join(directory, 'etcd')}`,
      '--unsafe-no-fsync',
      `--listen-client-urls=${store}`,
      `--advertise-client-urls=${store}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
    );
    await start(
      kubeApiserver.path,
      `--etcd-servers=${store}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--service-cluster-ip-range=${networks.services}`,
      `--client-ca-file=${pki.certificateAuthority}`,
      `--tls-cert-file=${pki.apiServer.certificate}`,
      `--tls-private-key-file=${pki.apiServer.key}`,
      `--token-auth-file=${pki.tokenFile}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${pki.serviceAccountPublicKey}`,
      `--service-account-signing-key-file=${pki.serviceAccountKey}`,
      `--cert-dir=${join(directory, 'pki')}`,
      // There are no controllers that would make the service account of each namespace.
      '--disable-admission-plugins=ServiceAccount',
    );
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      {
        name: 'alone',
        server: `https://127.0.0.1:${port}`,
        caData: pki.certificateAuthorityData,
        skipTLSVerify: false,
      },
      { name: 'alone', token: pki.tokens.admin },
    );
    const versions = config.makeApiClient(VersionApi);
    await waitFor(
      START_SECONDS,
      () => versions.getCode().catch(() => undefined),
      () => Promise.resolve(`${kubeApiserver.path} does not answer; its log is in ${directory}`),
    );
    return { config, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
