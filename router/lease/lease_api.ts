import * as z from 'zod';
import { RouterError } from '../errors.ts';
import {
  createKubernetesApi,
  type KubernetesAnswer,
  type KubernetesApiOptions,
} from '../kubernetes/api.ts';

/** Which Lease, and how to reach the API that holds it. */
export interface LeaseApiOptions extends Omit<KubernetesApiOptions, 'needs'> {
  readonly namespace: string;
  readonly name: string;
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const count = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);

/** `spec` of a Lease (coordination.k8s.io/v1), as far as an election goes. */
const SPEC = z.object({
  holderIdentity: text,
  leaseDurationSeconds: count,
  /** MicroTime, as `acquireTime` is; told to people, never compared with a clock of ours. */
  renewTime: text,
  acquireTime: text,
  leaseTransitions: count,
});

const LEASE = z
  .object({ metadata: z.object({ resourceVersion: z.string() }), spec: SPEC.nullish() })
  .transform(({ metadata, spec }) => ({
    /** Changes with each write; a write that names an older one is refused. */
    resourceVersion: metadata.resourceVersion,
    spec: spec ?? SPEC.parse({}),
  }));

export type LeaseSpec = Readonly<z.output<typeof SPEC>>;

/** A Lease as it was read. */
export type Lease = Readonly<z.output<typeof LEASE>>;

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

const NEEDS = 'get, update and patch on this Lease (LEASE_NAMESPACE, LEASE_NAME)';

function readLease({ object }: KubernetesAnswer, path: string): Lease | undefined {
  if (object === undefined) return undefined;
  const parsed = LEASE.safeParse(object);
  if (parsed.success) return parsed.data;
  throw new RouterError(
    'KUBERNETES_UNAVAILABLE',
    `What the Kubernetes API holds at ${path} is not a Lease`,
  );
}

/** Speaks to the Kubernetes API about one Lease. Every call throws RouterError KUBERNETES_UNAVAILABLE unless it is answered as told. */
export function createLeaseApi(options: LeaseApiOptions): LeaseApi {
  const { namespace, name } = options;
  const { call, close } = createKubernetesApi({ ...options, needs: NEEDS });
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
  const object = `${collection}/${name}`;
  return {
    read: async () => readLease(await call({ method: 'GET', path: object }), object),
    write: async (resourceVersion, spec) => {
      const body = { metadata: { resourceVersion }, spec };
      return readLease(await call({ method: 'PATCH', path: object, body }), object);
    },
    create: async (spec) => {
      const metadata = { name, namespace };
      const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
      const answer = await call({ method: 'POST', path: collection, body });
      if (answer.status === 404) {
        throw new RouterError(
          'KUBERNETES_UNAVAILABLE',
          `The namespace ${namespace} (LEASE_NAMESPACE) does not exist`,
        );
      }
      return readLease(answer, object);
    },
    close,
  };
}
