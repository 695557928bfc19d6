import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { bundleRouter, NODE_FLAGS } from '../../../../infra/bundle/bundle.ts';
import { credentials } from '../../clearml/seed.ts';
import type { ClearMl } from '../../clearml/server.ts';
import { freePort } from '../../free_port.ts';
import { startProgram, type Program } from './program.ts';

const LOOPBACK = '127.0.0.1';

/** How often the router looks for tasks; a pod does so less often. */
const POLL_INTERVAL_SECONDS = 2;

/** A router that serves. */
export interface LocalRouter extends Program {
  /** URL that users open. */
  readonly url: string;
  readonly tcpPort: number;
  /** Its file. */
  readonly log: string;
}

const logged = z.object({ event: z.literal('listening') });

function isListening(line: string): boolean {
  try {
    return logged.safeParse(JSON.parse(line)).success;
  } catch {
    return false;
  }
}

/**
 * Starts the bundle that `pulumi up` would deploy, with the flags of the pod's Node, on loopback.
 *
 * @param folder takes the bundle and what the router keeps.
 * @param mark by which a later run finds the process.
 */
export async function startLocalRouter(
  folder: string,
  clearml: ClearMl,
  mark: Readonly<Record<string, string>>,
): Promise<LocalRouter> {
  await mkdir(folder, { recursive: true });
  const bundle = join(folder, 'router.cjs');
  await writeFile(bundle, await bundleRouter());
  const [httpPort, adminPort, tcpPort] = [await freePort(), await freePort(), await freePort()];
  const url = `http://${LOOPBACK}:${httpPort}`;
  const log = join(folder, 'router.log');
  const env = {
    ...mark,
    ROUTER_URL: url,
    CLEARML_API_HOST: clearml.url,
    CLEARML_API_ACCESS_KEY: credentials.router.accessKey,
    CLEARML_API_SECRET_KEY: credentials.router.secretKey,
    AUTH_BASE64_JWKS_KEY: clearml.signingKey.base64url,
    TASK_NETWORKS: `${LOOPBACK}/32`,
    BIND_ADDRESS: LOOPBACK,
    HTTP_PORT: String(httpPort),
    ADMIN_PORT: String(adminPort),
    TCP_ROUTER_ADDRESS: LOOPBACK,
    TCP_PORT_START: String(tcpPort),
    TCP_PORT_END: String(tcpPort),
    POLL_INTERVAL: String(POLL_INTERVAL_SECONDS),
    DRAIN_SECONDS: '1',
    STATE_FILE: join(folder, 'state.json'),
  };
  const program = startProgram('The router', [...NODE_FLAGS, bundle], env, log);
  await program.line(isListening);
  return { ...program, url, tcpPort, log };
}
