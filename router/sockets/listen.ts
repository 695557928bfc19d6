import type { Server } from 'node:net';
import { RouterError } from '../errors.ts';

/** Why a port could not be bound, in words that name a remedy. */
function remedy(code: string | undefined): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another process has it; choose another port or end that process';
    case 'EACCES':
      return 'ports below 1024 need a right that this process does not have; choose a higher one';
    case 'EADDRNOTAVAIL':
      return 'the address is none of this machine; correct BIND_ADDRESS';
    default:
      return code ?? 'unknown reason';
  }
}

/**
 * Binds a server. Port 0 takes a free one; `address` undefined is every address, IPv4 and IPv6.
 *
 * @returns the bound port.
 * @throws RouterError LISTEN_FAILED.
 */
export function listen(server: Server, port: number, address: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const place = `${address ?? 'every address'}, port ${port}`;
      reject(new RouterError('LISTEN_FAILED', `cannot listen on ${place}: ${remedy(error.code)}`));
    };
    server.once('error', failed);
    server.listen({ port, ...(address === undefined ? {} : { host: address }) }, () => {
      server.off('error', failed);
      // From now on an error is a connection that could not be accepted, for want of a descriptor: it is lost, the server goes on.
      server.on('error', () => undefined);
      const bound = server.address();
      resolve(bound !== null && typeof bound === 'object' ? bound.port : port);
    });
  });
}
