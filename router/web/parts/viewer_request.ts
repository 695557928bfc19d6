import type { IncomingMessage } from 'node:http';
import type { ViewerRequest } from '../../auth/gate/viewer.ts';

/** What tells who asks. `back` is where sign-in leads to afterwards: what was asked for, unless that is no place to go to. */
export function viewerRequest(message: IncomingMessage, back = message.url ?? '/'): ViewerRequest {
  return {
    method: message.method ?? 'GET',
    rawHeaders: message.rawHeaders,
    rawUrl: back,
    host: message.headers.host ?? '',
  };
}
