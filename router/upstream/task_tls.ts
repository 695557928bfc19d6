import { request as plainRequest, type ClientRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import {
  checkServerIdentity,
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
} from 'node:tls';
import type { TaskTls, Upstream } from '../routes/model/endpoint.ts';

/** Reading certificates takes long, and all connections are checked against the same. */
const contexts = new WeakMap<TaskTls, SecureContext>();

function contextOf(tls: TaskTls): SecureContext {
  let context = contexts.get(tls);
  if (context === undefined) {
    context = createSecureContext(tls.ca === undefined ? {} : { ca: tls.ca });
    contexts.set(tls, context);
  }
  return context;
}

/**
 * How a task is spoken to over TLS. It is asked for by the name of ROUTER_URL, since SNI knows no addresses (RFC 6066, section 3), and
 * for HTTP/1.1 alone. Where there are certificates to check against, its own has to be for the address that the task named, or for
 * that name, and to come from one of them; the well-known authorities do not count.
 */
export function tlsOptions({ address }: Upstream, tls: TaskTls): ConnectionOptions {
  const { ca, serverName } = tls;
  return {
    secureContext: contextOf(tls),
    ALPNProtocols: ['http/1.1'],
    // Empty: no SNI.
    servername: serverName ?? '',
    rejectUnauthorized: ca !== undefined,
    checkServerIdentity: (_, certificate) => {
      const wrong = checkServerIdentity(address, certificate);
      if (wrong === undefined || serverName === undefined) return wrong;
      return checkServerIdentity(serverName, certificate) && wrong;
    },
  };
}

/** A request of the router's own to the literal address of a task, over a connection of its own. */
export function requestOf(upstream: Upstream, options: RequestOptions): ClientRequest {
  const { address: host, family, port, tls } = upstream;
  const whole = { ...options, host, family, port, agent: false } as const;
  return tls === undefined
    ? plainRequest(whole)
    : tlsRequest({ ...whole, ...tlsOptions(upstream, tls) });
}
