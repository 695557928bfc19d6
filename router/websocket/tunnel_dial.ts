import { connect, type OnReadOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Upstream } from '../routes/model/endpoint.ts';
import { TCP_OPTIONS } from '../tcp/connection.ts';
import { CONNECT_TIMEOUT_MS, failureClass } from '../upstream/failure.ts';
import { CLIENT_LEFT, WITHDRAWN, type TunnelRefusal } from './tunnel_refusal.ts';

/**
 * Connects to a task's TCP port. The socket is paused, and reads by `onread`. A client that leaves meanwhile, or whose right is
 * withdrawn, takes the attempt with it.
 */
export function dialTask(
  { address, port, family }: Upstream,
  onread: OnReadOpts,
  client: Duplex,
  withdrawn: AbortSignal,
): Promise<Socket | TunnelRefusal> {
  return new Promise((resolve) => {
    const task = connect({ host: address, port, family, onread, ...TCP_OPTIONS });
    const settle = (result: Socket | TunnelRefusal): void => {
      clearTimeout(timer);
      client.off('close', onLeave).off('error', onLeave);
      withdrawn.removeEventListener('abort', onWithdrawn);
      task.off('error', onError);
      if (result === task) task.pause();
      else task.destroy();
      resolve(result);
    };
    const onError = (error: Error): void => {
      const failure = failureClass(error);
      settle(
        failure === 'refused'
          ? { status: 503, reason: 'Nothing listens at the TCP port that the task gave.', failure }
          : { status: 502, reason: 'The task does not answer at its TCP port.', failure },
      );
    };
    const onLeave = (): void => settle(CLIENT_LEFT);
    const onWithdrawn = (): void => settle(WITHDRAWN);
    const timer = setTimeout(() => {
      const reason = 'The task did not answer at its TCP port in time.';
      settle({ status: 504, reason, failure: 'timeout' });
    }, CONNECT_TIMEOUT_MS);
    client.on('close', onLeave).on('error', onLeave);
    withdrawn.addEventListener('abort', onWithdrawn);
    task.on('error', onError).once('connect', () => settle(task));
  });
}
