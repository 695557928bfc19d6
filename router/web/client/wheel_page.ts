import { createHash } from 'node:crypto';
import type { OwnPages } from '../../pages/own_pages.ts';
import { methodNotAllowed, sendReply } from '../parts/reply.ts';
import type { Wheel } from './wheel.ts';

/** Where the wheel is served below ROUTER_URL; a static route cannot have the first segment. */
export function wheelPath({ file }: Wheel): string {
  return `/client/${file}`;
}

/** The wheel at its own path, for everybody: it holds no secret, and `pip` has no cookie. Nothing else is below `/client/`. */
export function createWheelPage(wheel: Wheel): OwnPages {
  const path = wheelPath(wheel);
  const { bytes } = wheel;
  const ETag = `"${createHash('sha256').update(bytes).digest('base64url')}"`;
  // A router of the same version may hold another wheel while it is worked on: caches ask again.
  const kept = { ETag, 'Cache-Control': 'public, no-cache', 'X-Content-Type-Options': 'nosniff' };
  return async ({ message, path: asked }, response) => {
    if (asked !== path) return false;
    const { method, headers } = message;
    if (method !== 'GET' && method !== 'HEAD') {
      sendReply(message, response, methodNotAllowed('GET, HEAD'));
    } else if (headers['if-none-match'] === ETag) {
      response.writeHead(304, kept).end();
    } else {
      const type = { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes.length };
      response.writeHead(200, { ...kept, ...type }).end(method === 'HEAD' ? undefined : bytes);
    }
    return true;
  };
}
