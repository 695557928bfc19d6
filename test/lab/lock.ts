import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';
import type { Socket } from 'node:net';

/** A lock that is held until `release`, or until the process ends, however it ends. */
export interface Lock {
  release(): void;
}

/**
 * Takes a lock of this machine, or returns undefined where another process holds it.
 *
 * A listening abstract Unix socket is the lock: the kernel frees it with its process, so no lock outlives a killed run
 * (unix(7)). Elsewhere than on Linux there are none, and nothing is locked: the cache is safe without, by renames.
 */
export async function tryLock(name: string): Promise<Lock | undefined> {
  if (process.platform !== 'linux') return { release: () => undefined };
  const waiting = new Set<Socket>();
  const server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => waiting.delete(socket));
    socket.unref();
  });
  server.listen(address(name));
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
  server.unref();
  return {
    release: () => {
      server.close();
      for (const socket of waiting) socket.destroy();
    },
  };
}

/** Takes a lock of this machine, however long another process holds it; `onWait` is told when it does. */
export async function lock(name: string, onWait: () => void): Promise<Lock> {
  for (;;) {
    const taken = await tryLock(name);
    if (taken !== undefined) return taken;
    onWait();
    await holderGone(name);
  }
}

/** The holder never answers: its end of the connection closes when it lets go. */
function holderGone(name: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = createConnection(address(name));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}

function address(name: string): string {
  return `\0task-traffic-router/${name}`;
}
