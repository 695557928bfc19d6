import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { parseProxyHeader } from './proxy_header.ts';

/** For the first bytes of a connection. */
const TIME_LIMIT_MS = 5_000;

/** What ends a connection before it has asked anything. */
const ENDS = ['end', 'error', 'timeout'] as const;

/**
 * Has a server drop the PROXY header before a request, and serve requests without one as before. A load balancer that sends the header to
 * the range sends it with its health checks, too, whatever port they ask
 * (https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#proxy-protocol,
 * https://github.com/projectcontour/contour/issues/4833): the health port would answer 400, and no pod would count as healthy. Who the header
 * names is not read, so that it may come from anybody. `proxy_header_reader.ts` has a loop of its own, since it refuses whom this one
 * serves, and hands over a socket that reads into a buffer of the router's, where Node's HTTP server takes a plain one.
 *
 * @param server not yet listening.
 */
export function skipProxyHeaders(server: Server): void {
  const serve = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    let bytes = Buffer.alloc(0);
    const leave = (): void => {
      socket.destroy();
    };
    const take = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const header = parseProxyHeader(bytes);
      if (header.state === 'incomplete') return;
      for (const event of ENDS) socket.off(event, leave);
      socket.pause().off('data', take).setTimeout(0);
      const rest = header.state === 'malformed' ? bytes : bytes.subarray(header.length);
      if (rest.length > 0) socket.unshift(rest);
      for (const listener of serve) listener.call(server, socket);
      socket.resume();
    };
    for (const event of ENDS) socket.on(event, leave);
    socket.on('data', take).setTimeout(TIME_LIMIT_MS);
  });
}
