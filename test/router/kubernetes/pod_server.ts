import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../../lab/certificate.ts';

/** A pod as the API shows it, as far as the router looks. */
export interface StoredPod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
  };
  readonly spec: { readonly hostNetwork?: boolean };
  readonly status: { readonly podIPs?: readonly { readonly ip: string }[] };
}

/**
 * A stand-in for the part of the Kubernetes API that lists and watches pods: pages, resource versions, bookmarks, and the 410 of a
 * version that is too old. It answers for one namespace or for all of its pods; `other/pod` is one of another namespace.
 */
export class PodServer {
  readonly #pods = new Map<string, StoredPod>();
  readonly #watches = new Set<ServerResponse>();
  readonly #server: ReturnType<typeof createServer>;
  /** Paths that were asked. */
  readonly asked: URL[] = [];
  /** Answers lists and watches with this status, if it is set. */
  fails: number | undefined;
  /** Watches from an older version are told that it is gone. */
  oldest = 0;
  /** Pods of one page. */
  pageSize = Infinity;
  #version = 1;

  private constructor({ cert, key }: Certificate) {
    this.#server = createServer({ cert, key }, (request, response) => {
      const url = new URL(request.url ?? '', 'https://api');
      this.asked.push(url);
      if (this.fails !== undefined) {
        response.writeHead(this.fails).end('{}');
        return;
      }
      response.writeHead(200, { 'content-type': 'application/json' });
      if (url.searchParams.has('watch')) this.#watch(url, response);
      else response.end(JSON.stringify(this.#page(Number(url.searchParams.get('continue') ?? 0))));
    });
  }

  static async start(certificate: Certificate): Promise<PodServer> {
    const server = new PodServer(certificate);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Adds a pod or changes it. */
  put(name: string, ips: readonly string[], spec: StoredPod['spec'] = {}): void {
    const isNew = !this.#pods.has(name);
    const pod = this.#stored(name, ips, spec);
    this.#pods.set(name, pod);
    this.#tell(isNew ? 'ADDED' : 'MODIFIED', pod);
  }

  remove(name: string): void {
    this.#pods.delete(name);
    this.#tell('DELETED', this.#stored(name, [], {}));
  }

  /** Ends all watches, as the server does now and then. */
  endWatches(): void {
    for (const watch of this.#watches) watch.end();
    this.#watches.clear();
  }

  bookmark(): void {
    this.#version += 1;
    this.#tell('BOOKMARK', { metadata: { resourceVersion: String(this.#version) } });
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  #stored(name: string, ips: readonly string[], spec: StoredPod['spec']): StoredPod {
    this.#version += 1;
    return {
      metadata: {
        name: name.slice(name.indexOf('/') + 1),
        namespace: name.includes('/') ? name.slice(0, name.indexOf('/')) : 'clearml',
        resourceVersion: String(this.#version),
      },
      spec,
      status: ips.length === 0 ? {} : { podIPs: ips.map((ip) => ({ ip })) },
    };
  }

  #page(from: number): object {
    const all = [...this.#pods.values()];
    const next = from + this.pageSize;
    return {
      metadata: {
        resourceVersion: String(this.#version),
        ...(next < all.length ? { continue: String(next) } : {}),
      },
      items: all.slice(from, next),
    };
  }

  #watch(url: URL, response: ServerResponse): void {
    if (Number(url.searchParams.get('resourceVersion')) < this.oldest) {
      response.end('{"type":"ERROR","object":{"code":410}}\n');
      return;
    }
    response.flushHeaders();
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
  }

  #tell(type: string, object: unknown): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    // In two parts, as a network may deliver it.
    for (const watch of this.#watches) {
      watch.write(line.slice(0, 9));
      watch.write(line.slice(9));
    }
  }
}
