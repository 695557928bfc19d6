import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { KubeConfig, NetworkingV1Api } from '@kubernetes/client-node';
import type { IngressController } from '../cluster.ts';
import type { Setup } from '../setup.ts';

const CLASS_NAME = 'traefik';
/** The `spec.controller` by which Traefik knows its IngressClasses. */
const CONTROLLER = 'traefik.io/ingress-controller';

/**
 * Sends a request to another pod when one cannot be connected to; by itself Traefik answers 502 until it hears that the pod is
 * gone, where nginx and HAProxy try the next. Nothing that was sent is sent again. Ten times, since the next pod in turn may
 * be the dead one again.
 */
const RETRY = `http:
  middlewares:
    retry:
      retry:
        attempts: 10
        initialInterval: 20ms
`;

/** Starts Traefik on ports 80 and 443 of the node, and declares its IngressClass; or passes on why there is none. */
export async function startIngressController(setup: Setup): Promise<IngressController> {
  const { daemons } = setup;
  const { nodeAddress } = setup.networks;
  const tool = setup.tools.ingressController;
  const kubeconfig = setup.kubeconfigs.admin;
  if (tool.source === 'absent') return { absent: tool.reason };
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  await config.makeApiClient(NetworkingV1Api).createIngressClass({
    body: { metadata: { name: CLASS_NAME }, spec: { controller: CONTROLLER } },
  });
  const dynamic = join(setup.directory, 'traefik.yaml');
  await writeFile(dynamic, RETRY);
  await daemons.start(
    'traefik',
    [
      tool.path,
      '--global.checknewversion=false',
      '--global.sendanonymoususage=false',
      '--log.level=INFO',
      '--providers.kubernetesingress=true',
      `--providers.kubernetesingress.ingressclass=${CLASS_NAME}`,
      `--providers.kubernetesingress.ingressendpoint.ip=${nodeAddress}`,
      `--providers.file.filename=${dynamic}`,
      '--entrypoints.web.http.middlewares=retry@file',
      '--entrypoints.websecure.http.middlewares=retry@file',
      `--entrypoints.web.address=${nodeAddress}:80`,
      `--entrypoints.websecure.address=${nodeAddress}:443`,
      // With Traefik's own certificate, where the Ingress names none.
      '--entrypoints.websecure.http.tls=true',
      // Its 60 s would cut long uploads.
      '--entrypoints.web.transport.respondingtimeouts.readtimeout=0',
      '--entrypoints.websecure.transport.respondingtimeouts.readtimeout=0',
    ],
    { KUBECONFIG: kubeconfig },
  );
  await daemons.until('the start of Traefik', 30_000, () => accepts(nodeAddress, 80));
  return { className: CLASS_NAME, address: nodeAddress };
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const answer = (value: boolean) => (): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', answer(true));
    socket.once('error', answer(false));
    socket.once('timeout', answer(false));
  });
}
