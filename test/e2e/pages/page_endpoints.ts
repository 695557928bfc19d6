import type { Endpoint } from '../../../router/routes/model/endpoint.ts';
import { endpoint, staticRoute, taskId } from '../../support/auth_fixture.ts';

/** A task that is hostile in everything that it may choose. */
export const HOSTILE_NAME = `<img src=x onerror=alert(1)>"'&amp;`;

/** Port 1 of loopback: nobody listens there. */
const upstream = { address: '127.0.0.1', family: 4, port: 1 } as const;
const HOUR = 3_600_000;

function endpointOf(digit: string, task: Partial<Endpoint['task']>, ways: Partial<Endpoint>) {
  const made = endpoint(taskId(digit));
  const startedAt = Date.now() - Number.parseInt(digit, 16) * HOUR;
  return {
    ...made,
    http: undefined,
    tcp: undefined,
    ...ways,
    task: { ...made.task, projectName: 'Examples', startedAt, ...task },
  };
}

/** An endpoint in every state that the page knows; two of one name, one that is hostile, and one of somebody else. */
export const PAGE_ENDPOINTS = {
  jupyter: endpointOf(
    'a',
    { name: 'JupyterLab for the churn model' },
    {
      http: { state: 'open', upstream },
      tcp: { state: 'open', upstream: { ...upstream, port: 22 }, port: 10_022 },
    },
  ),
  failing: endpointOf(
    'b',
    { name: 'Streamlit', queueId: taskId('9') },
    { http: { state: 'open', upstream } },
  ),
  waiting: endpointOf('c', { name: 'interactive session' }, { http: { state: 'waiting' } }),
  twin: endpointOf(
    'd',
    { name: 'interactive session' },
    { tcp: { state: 'open', upstream, port: undefined } },
  ),
  refused: endpointOf(
    'e',
    { name: HOSTILE_NAME, projectName: `${'long_'.repeat(40)}${HOSTILE_NAME}` },
    {
      http: { state: 'refused', reason: 'the address 169.254.169.254 is never served' },
      access: 'owner',
      unknownAccess: HOSTILE_NAME,
    },
  ),
  shared: endpointOf(
    'f',
    { name: 'TensorBoard of a colleague', userId: 'colleague' },
    { http: { state: 'open', upstream } },
  ),
} as const;

export const PAGE_ROUTES = [
  staticRoute('chat', 'visible', [PAGE_ENDPOINTS.jupyter]),
  staticRoute('docs', 'authenticated', []),
];
