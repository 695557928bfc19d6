import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Networks } from '../network/networks.ts';
import type { Identity, Pki } from './pki.ts';

/** The one context of every kubeconfig of the lab. */
export const CONTEXT = 'task-traffic-router-lab';

/** Where the API server listens, behind port 443 of its Service: not the port that most clusters have, so that nothing counts on that. */
export const API_SERVER_PORT = 8443;

/** Writes a kubeconfig for each who speaks to the API server, and returns their paths. */
export async function writeKubeconfigs(
  directory: string,
  networks: Networks,
  pki: Pki,
): Promise<Readonly<Record<Identity, string>>> {
  const files: Readonly<Record<Identity, string>> = {
    admin: join(directory, 'kubeconfig'),
    controllerManager: join(directory, 'pki', 'controller-manager.kubeconfig'),
    scheduler: join(directory, 'pki', 'scheduler.kubeconfig'),
    kubelet: join(directory, 'pki', 'kubelet.kubeconfig'),
    kubeProxy: join(directory, 'pki', 'kube-proxy.kubeconfig'),
  };
  for (const identity of Object.keys(files) as Identity[]) {
    const config = kubeconfig(networks, pki, pki.tokens[identity]);
    // JSON is YAML.
    await writeFile(files[identity], `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
  }
  return files;
}

function kubeconfig(networks: Networks, pki: Pki, token: string): unknown {
  const cluster = {
    server: `https://${networks.nodeAddress}:${API_SERVER_PORT}`,
    'certificate-authority-data': pki.certificateAuthorityData,
  };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: CONTEXT, cluster }],
    users: [{ name: CONTEXT, user: { token } }],
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT } }],
    'current-context': CONTEXT,
  };
}
