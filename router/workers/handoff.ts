import type { Worker } from 'node:cluster';

/** A connection that Node has accepted for a worker. */
interface Handle {
  readonly close: () => void;
}

type Send = (message: unknown, handle?: Handle, ...more: unknown[]) => boolean;

/**
 * Node keeps a connection that it hands to a worker until the worker says that it has it, and for ever when the worker dies
 * before: its client would wait in vain. This closes it with the worker. To close one that was taken does nothing.
 */
export function closeUntaken(worker: Worker): void {
  const channel = worker.process as unknown as { send: Send };
  const send = channel.send.bind(channel);
  let last: Handle | undefined;
  channel.send = (message, handle, ...more) => {
    if (handle !== undefined) last = handle;
    return send(message, handle, ...more);
  };
  worker.once('exit', () => last?.close());
}
