import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Settings } from '../../settings/settings.ts';
import type { TaskTls } from '../model/endpoint.ts';

/** Read once: other certificates are a reason to start anew. */
export function taskTlsFor({
  TASK_CA_FILE: file,
  ROUTER_URL: { hostname },
}: Pick<Settings, 'TASK_CA_FILE' | 'ROUTER_URL'>): TaskTls {
  return {
    ca: file === undefined ? undefined : readFileSync(file, 'utf8'),
    serverName: isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : undefined,
  };
}
