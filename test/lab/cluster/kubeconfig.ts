import { writeFile } from 'node:fs/promises';

/** The one context of every kubeconfig of the lab. */
export const CONTEXT = 'task-traffic-router-lab';

/** Writes a kubeconfig with one context; JSON is YAML. */
export async function writeKubeconfig(
  file: string,
  server: string,
  certificateAuthorityData: string,
  token: string,
): Promise<void> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: CONTEXT,
        cluster: { server, 'certificate-authority-data': certificateAuthorityData },
      },
    ],
    users: [{ name: CONTEXT, user: { token } }],
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT } }],
    'current-context': CONTEXT,
  };
  await writeFile(file, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}
