import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { RouterError } from '../errors.ts';

/** Where the Kubernetes API is, and how a pod proves who it is. */
export interface KubernetesApiOptions {
  readonly host: string;
  readonly port: number;
  /** PEM of the cluster's CA. */
  readonly caFile: string;
  /** Token of the service account; read again for each call, since the kubelet rotates it. */
  readonly tokenFile: string;
  /** Milliseconds that one call may take. */
  readonly timeout?: number | undefined;
  /** What the service account lacks when the API answers 403: the end of the sentence "the service account needs …". */
  readonly needs: string;
}

/** What a call sends. */
export interface KubernetesCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  /** A merge patch leaves alone what it does not name; with a resourceVersion in it the API refuses a lost update. */
  readonly body?: object;
}

/** 404: no such object; 409: somebody else wrote or created it first. */
export type KubernetesAnswer =
  | { readonly status: 200 | 201; readonly object: unknown }
  | { readonly status: 404 | 409; readonly object: undefined };

export interface KubernetesApi {
  /** @throws RouterError KUBERNETES_UNAVAILABLE unless it is answered as `KubernetesAnswer` says. */
  readonly call: (call: KubernetesCall) => Promise<KubernetesAnswer>;
  /**
   * Opens an answer that goes on, such as a watch; `signal` ends it.
   *
   * @throws RouterError KUBERNETES_UNAVAILABLE unless it begins with 200.
   */
  readonly open: (path: string, signal: AbortSignal) => Promise<IncomingMessage>;
  readonly close: () => void;
}

/** The paths at which every pod finds its service account. */
export const SERVICE_ACCOUNT = {
  caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
  tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
} as const;

/** Where the API is and who asks, as every pod of a cluster is told; undefined outside of one. */
export function inCluster(
  environment: NodeJS.ProcessEnv,
): Pick<KubernetesApiOptions, 'host' | 'port' | 'caFile' | 'tokenFile'> | undefined {
  const host = environment['KUBERNETES_SERVICE_HOST'];
  if (host === undefined) return undefined;
  const port =
    environment['KUBERNETES_SERVICE_PORT_HTTPS'] ?? environment['KUBERNETES_SERVICE_PORT'];
  return { ...SERVICE_ACCOUNT, host, port: Number(port ?? 443) };
}

const TIMEOUT_MS = 3_000;
const TYPES = { GET: undefined, POST: 'application/json', PATCH: 'application/merge-patch+json' };

/** Speaks to the Kubernetes API about single objects; the official client is many times the size of the router. */
export function createKubernetesApi(options: KubernetesApiOptions): KubernetesApi {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(options.caFile) });

  const send = ({ method, path, body }: KubernetesCall, signal: AbortSignal) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const json = body === undefined ? undefined : JSON.stringify(body);
      const sent = request({
        agent,
        method,
        path,
        host: options.host,
        port: options.port,
        signal,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${readFileSync(options.tokenFile, 'utf8').trim()}`,
          ...(json === undefined
            ? {}
            : { 'content-type': TYPES[method], 'content-length': Buffer.byteLength(json) }),
        },
      });
      sent.on('response', resolve);
      sent.on('error', reject);
      sent.end(json);
    });

  const failure =
    ({ method, path }: KubernetesCall) =>
    (why: string, cause?: unknown): RouterError =>
      new RouterError(
        'KUBERNETES_UNAVAILABLE',
        `The Kubernetes API did not carry out ${method} ${path}: ${why}`,
        { cause },
      );
  const meaning = (status: number): string =>
    status === 401 || status === 403
      ? `status ${status}; the service account needs ${options.needs}`
      : `status ${status}`;

  const open = async (path: string, signal: AbortSignal): Promise<IncomingMessage> => {
    const wanted: KubernetesCall = { method: 'GET', path };
    const message = await send(wanted, signal).catch((error: unknown) => {
      throw failure(wanted)((error as Error).message, error);
    });
    if (message.statusCode === 200) return message;
    message.destroy();
    throw failure(wanted)(meaning(message.statusCode ?? 0));
  };

  const call = async (wanted: KubernetesCall): Promise<KubernetesAnswer> => {
    const fail = failure(wanted);
    let status: number;
    let answer: string;
    try {
      const message = await send(wanted, AbortSignal.timeout(options.timeout ?? TIMEOUT_MS));
      status = message.statusCode ?? 0;
      answer = await text(message);
    } catch (error) {
      throw fail((error as Error).message, error);
    }
    if (status === 404 || status === 409) return { status, object: undefined };
    if (status !== 200 && status !== 201) throw fail(meaning(status));
    try {
      return { status, object: JSON.parse(answer) as unknown };
    } catch (error) {
      throw fail('the answer is not JSON', error);
    }
  };

  return { call, open, close: () => agent.destroy() };
}
