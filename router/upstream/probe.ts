import { connect } from 'node:net';
import { SERVICE_PATH } from '../grammar/endpoint_id.ts';
import type { Endpoint, Upstream } from '../routes/model/endpoint.ts';
import { schemeOf } from '../settings/urls.ts';
import type { RouterUrl } from '../settings/values.ts';
import { MOST_HEAD_BYTES } from './answer_head.ts';
import { interimFate } from './interims.ts';
import { requestOf } from './task_tls.ts';
import { failureClass, type FailureClass } from './failure.ts';

/** What came of trying a task's address from here. */
export type Probe =
  | {
      readonly outcome: 'answers';
      /** The status of the answer; undefined for TCP, where a connection is all that can be seen. */
      readonly status: number | undefined;
      readonly milliseconds: number;
    }
  | { readonly outcome: FailureClass };

/** Time for the connection and the head of the answer together. */
const PATIENCE_MS = 5_000;

/** Calls `settle` once, at the latest after `patience`, and tells how long it took. */
function timed(
  patience: number,
  begin: (settle: (outcome: Probe['outcome'], status?: number) => void) => () => void,
): Promise<Probe> {
  return new Promise((resolve) => {
    const began = performance.now();
    const settle = (outcome: Probe['outcome'], status?: number): void => {
      clearTimeout(timer);
      const milliseconds = Math.round(performance.now() - began);
      resolve(outcome === 'answers' ? { outcome, status, milliseconds } : { outcome });
      end();
    };
    const timer = setTimeout(() => settle('timeout'), patience);
    const end = begin(settle);
  });
}

/** Those headers by which an app knows where it is, and which its log tells from users. */
export function probeHeaders(
  router: Pick<RouterUrl, 'host' | 'secure'>,
  { id, http }: Pick<Endpoint, 'id' | 'http'>,
  purpose: 'connectivity test' | 'health check',
): Readonly<Record<string, string>> {
  return {
    Host: router.host,
    'X-Forwarded-Host': router.host,
    'X-Forwarded-Proto': schemeOf(router),
    ...(http?.basePath === undefined ? { 'X-Forwarded-Prefix': SERVICE_PATH + id } : {}),
    'User-Agent': `task-traffic-router ${purpose}`,
  };
}

/**
 * Asks the task for a path on a connection of its own and reads no more than the status. Goes to the literal address of a route alone:
 * nothing is resolved, no redirect is followed, and no credential of anybody is sent.
 *
 * @param path checked by the grammar of paths.
 */
export function probeHttp(
  upstream: Upstream,
  headers: Readonly<Record<string, string>>,
  patience = PATIENCE_MS,
  path = '/',
): Promise<Probe> {
  return timed(patience, (settle) => {
    const asked = requestOf(upstream, { path, maxHeaderSize: MOST_HEAD_BYTES, headers });
    let interims = 0;
    asked
      .on('information', ({ statusCode }) => {
        if (interimFate(statusCode, ++interims, 0) === 'refused') settle('protocol');
      })
      .on('response', ({ statusCode = 0 }) => {
        const sound = statusCode >= 200 && statusCode <= 599;
        settle(sound ? 'answers' : 'protocol', statusCode);
      })
      // A 101 that nobody asked for.
      .on('upgrade', () => settle('protocol'))
      .on('error', (error) => settle(failureClass(error)))
      .on('close', () => settle('reset'))
      .end();
    return () => asked.destroy();
  });
}

/** Connects to the task's TCP port and leaves again without a word. */
export function probeTcp(
  { address, family, port }: Upstream,
  patience = PATIENCE_MS,
): Promise<Probe> {
  return timed(patience, (settle) => {
    const socket = connect({ host: address, family, port });
    socket
      .on('connect', () => settle('answers'))
      .on('error', (error) => settle(failureClass(error)));
    return () => socket.destroy();
  });
}
