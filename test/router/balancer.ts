import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Where one router is. */
export interface Backend {
  readonly url: string;
  readonly adminUrl: string;
}

/**
 * A stand-in for a Kubernetes Service: connections go to the routers that were ready at the last look, in turn, and stay where
 * they are. Like kube-proxy it learns late, by the interval between two looks, and tries no second router.
 */
export interface Balancer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Milliseconds between two looks at `/readyz`. */
const LOOK = 200;

export async function startBalancer(backends: readonly Backend[]): Promise<Balancer> {
  let ready: readonly Backend[] = [];
  let turn = 0;
  const open = new Set<Socket>();
  const look = async (): Promise<void> => {
    const answers = backends.map(async ({ adminUrl }) => {
      const answer = await fetch(`${adminUrl}/readyz`).catch(() => undefined);
      await answer?.arrayBuffer();
      return answer?.ok === true;
    });
    const states = await Promise.all(answers);
    ready = backends.filter((_, index) => states[index]);
  };
  await look();
  const timer = setInterval(() => void look(), LOOK);

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    turn += 1;
    const backend = ready[turn % ready.length];
    if (backend === undefined) {
      client.resetAndDestroy();
      return;
    }
    const { hostname, port } = new URL(backend.url);
    const upstream = connect({
      host: hostname,
      port: Number(port),
      allowHalfOpen: true,
      noDelay: true,
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.resetAndDestroy());
      one.on('close', () => {
        open.delete(one);
        other.destroySoon();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      clearInterval(timer);
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
