import * as z from 'zod';
import { RouterError } from '../errors.ts';
import { createLoop } from '../loop.ts';
import { EVERY_NAMESPACE } from '../settings/values.ts';
import type { KubernetesApi } from './api.ts';

/** What is known of one pod that may have an address of its own. */
export interface PodAddresses {
  /** Where the pods of all namespaces are watched, its namespace and a slash stand before it. */
  readonly name: string;
  /** Empty until the pod has one; empty, too, for a pod of its node's network, whose address is the node's. */
  readonly addresses: readonly string[];
}

/** Told of the pods of a namespace, or of the cluster, in this order for ever. */
export interface PodObserver {
  /** All pods: at first, and again after events were missed. */
  readonly all: (pods: readonly PodAddresses[]) => void;
  readonly changed: (pod: PodAddresses) => void;
  readonly gone: (name: string) => void;
  /** Until `all` or an event comes again, what was told before is all that is known. */
  readonly failed: (error: RouterError) => void;
}

export interface PodWatch {
  readonly start: () => void;
  readonly stop: () => Promise<void>;
}

/** Entries of one page of a list, which is in memory whole: a pod with its history of changes has up to 50 KB. */
const PAGE_SIZE = 100;
/** How long the server keeps one watch open, and after which a silent one counts as dead. */
const WATCH_SECONDS = 60;
const WATCH_LIMIT_MS = 75_000;
/** Between failures. Milliseconds. */
const PAUSES = { first: 1_000, longest: 30_000 };
/** No object in Kubernetes' store is larger (its etcd takes 1.5 MB). */
const LONGEST_LINE_BYTES = 4 * 1024 * 1024;

/** Pods that ended keep an address in their status that may be another's by now. */
const LIVING = encodeURIComponent('status.phase!=Succeeded,status.phase!=Failed');

const pod = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string().optional(),
    resourceVersion: z.string().optional(),
  }),
  spec: z.object({ hostNetwork: z.boolean().optional() }).optional(),
  status: z
    .object({
      podIP: z.string().optional(),
      podIPs: z.array(z.object({ ip: z.string() })).optional(),
    })
    .optional(),
});
const list = z.object({
  metadata: z.object({ resourceVersion: z.string(), continue: z.string().optional() }),
  items: z.array(pod),
});
const event = z.discriminatedUnion('type', [
  z.object({ type: z.enum(['ADDED', 'MODIFIED', 'DELETED']), object: pod }),
  z.object({
    type: z.literal('BOOKMARK'),
    object: z.object({ metadata: z.object({ resourceVersion: z.string() }) }),
  }),
  z.object({ type: z.literal('ERROR'), object: z.unknown() }),
]);

type Pod = z.output<typeof pod>;

function addressesOf(name: string, { spec, status }: Pod): PodAddresses {
  if (spec?.hostNetwork === true) return { name, addresses: [] };
  const addresses = status?.podIPs?.map(({ ip }) => ip) ?? [];
  return {
    name,
    addresses: status?.podIP === undefined ? addresses : [...addresses, status.podIP],
  };
}

/** The server no longer knows the events since the version that was asked for: list again. */
class VersionGoneError extends Error {}

/** Lists the pods of a namespace, or of all with `*`, and follows what changes from there on, until it is stopped. */
export function createPodWatch(
  api: KubernetesApi,
  namespace: string,
  observer: PodObserver,
): PodWatch {
  const everywhere = namespace === EVERY_NAMESPACE;
  const path = everywhere ? 'pods' : `namespaces/${namespace}/pods`;
  const base = `/api/v1/${path}?fieldSelector=${LIVING}`;
  const nameOf = ({ metadata }: Pod): string =>
    everywhere ? `${metadata.namespace ?? ''}/${metadata.name}` : metadata.name;
  const stopped = new AbortController();

  const readAll = async (): Promise<string> => {
    const pods: PodAddresses[] = [];
    let next = '';
    for (;;) {
      const page = `${base}&limit=${PAGE_SIZE}${next && `&continue=${encodeURIComponent(next)}`}`;
      const { object } = await api.call({ method: 'GET', path: page });
      const { items, metadata } = list.parse(object);
      pods.push(...items.map((item) => addressesOf(nameOf(item), item)));
      next = metadata.continue ?? '';
      if (next !== '') continue;
      observer.all(pods);
      return metadata.resourceVersion;
    }
  };

  /** Takes one line of a watch; answers with the version that it brings. */
  const take = (line: string): string | undefined => {
    const { object, type } = event.parse(JSON.parse(line));
    if (type === 'ERROR') throw new VersionGoneError();
    if (type === 'DELETED') observer.gone(nameOf(object));
    else if (type !== 'BOOKMARK') observer.changed(addressesOf(nameOf(object), object));
    return object.metadata.resourceVersion;
  };

  /** Follows one watch to its end; answers with the version to go on from. */
  const follow = async (since: string): Promise<string> => {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(WATCH_LIMIT_MS)]);
    const options = `&watch=1&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}`;
    const message = await api.open(`${base}${options}&resourceVersion=${since}`, signal);
    let version = since;
    let rest = '';
    for await (const chunk of message.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LONGEST_LINE_BYTES) throw new Error('a line of the watch has no end');
      for (const line of lines) version = take(line) ?? version;
    }
    return version;
  };

  let version: string | undefined;
  const loop = createLoop({
    turn: async () => {
      const since = version;
      version = undefined;
      version = since === undefined ? await readAll() : await follow(since);
    },
    succeeded: () => undefined,
    failed: (error) => {
      if (stopped.signal.aborted || error instanceof VersionGoneError) return;
      observer.failed(asRouterError(error, namespace));
    },
    interval: 0,
    pauses: PAUSES,
  });

  return {
    start: loop.start,
    stop: async () => {
      stopped.abort();
      await loop.stop();
      api.close();
    },
  };
}

/** Whose pods are meant, in words. */
export function podsOf(namespace: string): string {
  return namespace === EVERY_NAMESPACE ? 'the whole cluster' : `namespace ${namespace}`;
}

function asRouterError(error: unknown, namespace: string): RouterError {
  if (error instanceof RouterError) return error;
  return new RouterError(
    'KUBERNETES_UNAVAILABLE',
    `The pods of ${podsOf(namespace)} could not be followed: ${(error as Error).message}`,
    { cause: error },
  );
}
