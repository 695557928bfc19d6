import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '../../lab/certificate.ts';
import { freePort } from '../../lab/free_port.ts';
import { startLeaseServer } from '../../support/kubernetes/lease_server.ts';
import { podOf } from '../../support/kubernetes/pod.ts';
import { end, has, listening, LOAD, pinned } from '../machine.ts';
import { PREFIX, type Peer } from '../peer.ts';
import { SMALL } from '../scenarios/http.ts';
import { STREAM_MODULE } from './nginx.ts';
import { startRouters } from './router.ts';

/** Each replica has an address of its own, as a pod has, so that both can have the same ports. */
const ADDRESSES = ['127.0.0.1', '127.0.0.2'] as const;

/**
 * Two replicas behind a load balancer, which shares the core of the load, on the one core that every process under test has: what
 * sharing costs, not what a second core brings.
 */
export const TWO_REPLICAS: Peer = {
  name: 'router, 2 replicas',
  only: [SMALL.name],
  lacks: () => (has('openssl') ? undefined : 'openssl, for the certificate of the Lease stand-in'),
  start: async (backend, folder) => {
    const certificate = makeCertificate();
    if (certificate === undefined) throw new Error('openssl made no certificate');
    const kubernetes = await startLeaseServer(certificate);
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, kubernetes.token);
    const [port, shared] = [await freePort(), await freePort()];
    const at = (address: string) => ({
      address,
      ...podOf(address, kubernetes, certificate, tokenFile),
    });
    const [one, other] = ADDRESSES;
    const routers = await startRouters(backend, folder, port, [at(one), at(other)]);
    const config = join(folder, 'balancer.conf');
    const servers = ADDRESSES.map((address) => `server ${address}:${port};`).join(' ');
    writeFileSync(
      config,
      `load_module ${STREAM_MODULE}; daemon off; worker_processes 1; error_log stderr; pid ${folder}/balancer.pid;
events { worker_connections 4096; }
stream {
  upstream routers { ${servers} }
  server { listen 127.0.0.1:${shared} backlog=4096; proxy_pass routers; }
}
`,
    );
    const balancer = pinned(LOAD, 'nginx', ['-c', config]);
    await listening(shared);
    return {
      ...routers,
      http: `http://127.0.0.1:${shared}${PREFIX}`,
      webSocket: undefined,
      tcp: undefined,
      stop: async () => {
        await end(balancer);
        await routers.stop();
        await kubernetes.stop();
        certificate.remove();
      },
    };
  },
};
