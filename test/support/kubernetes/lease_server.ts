import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Certificate } from '../../lab/certificate.ts';

/** A Lease as the API shows it. */
interface StoredLease {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly resourceVersion: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * A stand-in for the part of the Kubernetes API that keeps Leases: optimistic concurrency by resourceVersion, merge patches,
 * authentication by a bearer token. The end-to-end tests use the real one.
 */
export interface LeaseServer {
  readonly port: number;
  readonly leases: Map<string, StoredLease>;
  /** The token that is accepted; anything else gets 401. */
  token: string;
  /** Answers nothing while true. */
  hangs: boolean;
  /** Answers with this status, if it is set. */
  fails: number | undefined;
  readonly stop: () => Promise<void>;
}

const PATH = /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/([^/]+)\/leases(?:\/([^/]+))?$/;

export async function startLeaseServer({ cert, key }: Certificate): Promise<LeaseServer> {
  const leases = new Map<string, StoredLease>();
  let version = 1;
  const put = (name: string, metadata: object, spec: object): StoredLease => {
    version += 1;
    const stored = {
      metadata: { ...metadata, resourceVersion: String(version) },
      spec: { ...spec },
    };
    leases.set(name, stored);
    return stored;
  };

  const answer = (method: string, url: string, body: string): readonly [number, unknown] => {
    const [, , name] = PATH.exec(url) ?? [];
    const sent = (body === '' ? {} : JSON.parse(body)) as Partial<StoredLease>;
    const { metadata = { resourceVersion: '' }, spec = {} } = sent;
    if (method === 'POST') {
      const created = String(metadata['name']);
      return leases.has(created) ? [409, {}] : [201, put(created, metadata, spec)];
    }
    const stored = name === undefined ? undefined : leases.get(name);
    if (stored === undefined || name === undefined) return [404, {}];
    if (method === 'GET') return [200, stored];
    if (metadata.resourceVersion !== stored.metadata.resourceVersion) return [409, {}];
    return [200, put(name, { ...stored.metadata, ...metadata }, { ...stored.spec, ...spec })];
  };

  const server = createServer({ cert, key }, (request, response) => {
    void text(request).then((body) => {
      if (state.hangs) return undefined;
      const known = request.headers.authorization === `Bearer ${state.token}`;
      const [status, data] = known
        ? state.fails === undefined
          ? answer(request.method ?? '', request.url ?? '', body)
          : [state.fails, {}]
        : [401, {}];
      return response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify(data));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const state: LeaseServer = {
    port: (server.address() as AddressInfo).port,
    leases,
    token: 'first-token',
    hangs: false,
    fails: undefined,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return state;
}
