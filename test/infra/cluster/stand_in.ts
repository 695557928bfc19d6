import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

import { KubeConfig } from '@kubernetes/client-node';

import { type ClusterReader, clusterReader } from '../../../infra/cluster/reader.ts';

/** Answers of a Kubernetes API server, by path. A path without one is answered with 404. */
export type Answers = Readonly<Record<string, unknown>>;

/** A stand-in for a Kubernetes API server: it gives fixed answers over plain HTTP, and knows nobody. */
export interface ClusterStandIn {
  readonly kubeconfig: string;
  readonly kubeConfig: KubeConfig;
  readonly reader: ClusterReader;
  /** Paths that were asked, with their queries. */
  readonly asked: readonly string[];
}

/** An answer with another status than 200. */
export class Refusal {
  readonly status: number;
  readonly message: string;

  constructor(status: number, message: string) {
    this.status = status;
    this.message = message;
  }
}

/** Starts a stand-in that lives as long as the test. */
export async function clusterAnswering(
  context: TestContext,
  answers: Answers,
): Promise<ClusterStandIn> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    const answer = answers[url] ?? answers[url.split('?')[0]?.replace(/\/$/, '') ?? ''];
    const refusal =
      answer === undefined ? new Refusal(404, 'not found') : answer instanceof Refusal && answer;
    response.writeHead(refusal === false ? 200 : refusal.status, {
      'content-type': 'application/json',
    });
    const status = refusal && { kind: 'Status', message: refusal.message };
    response.end(JSON.stringify(status === false ? answer : status));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(() => server.close());
  const kubeconfig = kubeconfigFor(server);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromString(kubeconfig);
  return { kubeconfig, kubeConfig, reader: clusterReader(kubeConfig), asked };
}

function kubeconfigFor(server: Server): string {
  const { port } = server.address() as AddressInfo;
  const here = { server: `http://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  return JSON.stringify({
    'current-context': 'here',
    clusters: [{ name: 'here', cluster: here }],
    users: [{ name: 'me', user: { token: 'a-token' } }],
    contexts: [{ name: 'here', context: { cluster: 'here', user: 'me' } }],
  });
}
