import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { RouterError } from '../errors.ts';

/** Where the Kubernetes API is, and how a pod proves who it is. */
export interface LeaseApiOptions {
  readonly host: string;
  readonly port: number;
  /** PEM of the cluster's CA. */
  readonly caFile: string;
  /** Token of the service account; read again for each call, since the kubelet rotates it. */
  readonly tokenFile: string;
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds that one call may take. */
  readonly timeout?: number;
}

/** `spec` of a Lease (coordination.k8s.io/v1), as far as an election goes. */
export interface LeaseSpec {
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  /** MicroTime; told to people, never compared with a clock of ours. */
  readonly renewTime: string;
  readonly acquireTime: string;
  readonly leaseTransitions: number;
}

/** A Lease as it was read. */
export interface Lease {
  /** Changes with each write; a write that names an older one is refused. */
  readonly resourceVersion: string;
  readonly spec: LeaseSpec;
}

/** One Lease object. */
export interface LeaseApi {
  /** Undefined where the object does not exist. */
  readonly read: () => Promise<Lease | undefined>;
  /** Undefined when somebody else wrote since `resourceVersion` (409). */
  readonly write: (resourceVersion: string, spec: LeaseSpec) => Promise<Lease | undefined>;
  /** Undefined when somebody else created it first (409). */
  readonly create: (spec: LeaseSpec) => Promise<Lease | undefined>;
  readonly close: () => void;
}

/** The paths at which every pod finds its service account. */
export const SERVICE_ACCOUNT = {
  caFile: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt',
  tokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token',
} as const;

const TIMEOUT = 3_000;

const lease = z
  .object({
    metadata: z.object({ resourceVersion: z.string() }),
    spec: z
      .object({
        holderIdentity: z.string().nullish(),
        leaseDurationSeconds: z.number().nullish(),
        renewTime: z.string().nullish(),
        acquireTime: z.string().nullish(),
        leaseTransitions: z.number().nullish(),
      })
      .nullish(),
  })
  .transform(({ metadata, spec }): Lease => ({
    resourceVersion: metadata.resourceVersion,
    spec: {
      holderIdentity: spec?.holderIdentity ?? '',
      leaseDurationSeconds: spec?.leaseDurationSeconds ?? 0,
      renewTime: spec?.renewTime ?? '',
      acquireTime: spec?.acquireTime ?? '',
      leaseTransitions: spec?.leaseTransitions ?? 0,
    },
  }));

/** Speaks to the Kubernetes API about one Lease. Every call throws RouterError KUBERNETES_UNAVAILABLE unless it is answered as told. */
export function createLeaseApi(options: LeaseApiOptions): LeaseApi {
  const { namespace, name } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(options.caFile) });
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const object = `${collection}/${name}`;

  const send = (method: string, path: string, type: string, body: string | undefined) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request({
        agent,
        method,
        path,
        host: options.host,
        port: options.port,
        signal: AbortSignal.timeout(options.timeout ?? TIMEOUT),
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${readFileSync(options.tokenFile, 'utf8').trim()}`,
          ...(body === undefined
            ? {}
            : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
        },
      });
      sent.on('response', resolve);
      sent.on('error', reject);
      sent.end(body);
    });

  const call = async (method: string, path: string, type = '', body?: unknown) => {
    const fail = (why: string, cause?: unknown): RouterError =>
      new RouterError(
        'KUBERNETES_UNAVAILABLE',
        `The Kubernetes API did not carry out ${method} ${path}: ${why}`,
        { cause },
      );
    let status: number;
    let answer: string;
    try {
      const json = body === undefined ? undefined : JSON.stringify(body);
      const message = await send(method, path, type, json);
      status = message.statusCode ?? 0;
      answer = await text(message);
    } catch (error) {
      throw fail((error as Error).message, error);
    }
    if (status === 404 || status === 409) return { status, lease: undefined };
    if (status === 401 || status === 403) {
      throw fail(
        `status ${status}; the service account needs get, update and patch on this Lease (LEASE_NAMESPACE, LEASE_NAME)`,
      );
    }
    if (status !== 200 && status !== 201) throw fail(`status ${status}`);
    try {
      return { status, lease: lease.parse(JSON.parse(answer)) };
    } catch (error) {
      throw fail('the answer is not a Lease', error);
    }
  };

  return {
    read: async () => (await call('GET', object)).lease,
    // A merge patch leaves labels and annotations of others alone; with a resourceVersion in it the API refuses a lost update.
    write: async (resourceVersion, spec) => {
      const patch = { metadata: { resourceVersion }, spec };
      return (await call('PATCH', object, 'application/merge-patch+json', patch)).lease;
    },
    create: async (spec) => {
      const metadata = { name, namespace };
      const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
      const { status, lease } = await call('POST', collection, 'application/json', body);
      if (status === 404) {
        throw new RouterError(
          'KUBERNETES_UNAVAILABLE',
          `The namespace ${namespace} (LEASE_NAMESPACE) does not exist`,
        );
      }
      return lease;
    },
    close: () => agent.destroy(),
  };
}
