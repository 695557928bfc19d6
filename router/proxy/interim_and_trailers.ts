import type { ServerResponse } from 'node:http';
import { BadAnswer } from './upstream_failure.ts';

/**
 * Passes an interim answer on: 102, and 103 with its links alone, to clients that know them. 100 the router has sent itself; 101
 * to a plain request is no answer (A32).
 */
export function passInterim(
  response: ServerResponse,
  status: number,
  raw: readonly string[],
  known: boolean,
): void {
  if (status < 102) throw new BadAnswer(`status ${status} was not asked for`);
  if (!known || response.headersSent) return;
  if (status === 102) response.writeProcessing();
  if (status !== 103) return;
  const links: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    if (raw[index]?.toLowerCase() === 'link') links.push('Link', raw[index + 1] ?? '');
  }
  if (links.length > 0) response.writeInformation(103, links);
}

/** Passes trailers on where the body is chunked, which is the only place for them. */
export function passTrailers(response: ServerResponse, raw: readonly string[]): void {
  if (raw.length === 0 || !response.chunkedEncoding) return;
  const trailers: [string, string][] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (isTrailer(name)) trailers.push([name, raw[index + 1] ?? '']);
  }
  response.addTrailers(trailers);
}

/** RFC 9110 section 6.5.1: what frames, routes or authorises cannot come as a trailer. */
function isTrailer(name: string): boolean {
  switch (name.toLowerCase()) {
    case 'transfer-encoding':
    case 'content-length':
    case 'connection':
    case 'trailer':
    case 'host':
    case 'set-cookie':
    case 'location':
    case 'content-encoding':
    case 'content-type':
    case 'content-range':
    case 'cache-control':
    case 'authorization':
    case 'www-authenticate':
      return false;
    default:
      return true;
  }
}
