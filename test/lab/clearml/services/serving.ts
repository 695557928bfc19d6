import { apiError } from '../api_error.ts';
import { optionalText, text, type Call, type Server, type Service } from '../call.ts';
import { timestamp } from '../clock.ts';
import type { Document, Json } from '../document.ts';

/** What the server keeps of a container, in the names of its API. */
interface Container {
  readonly id: string;
  readonly endpoint: string;
  readonly model: string;
  readonly url: string | undefined;
  readonly reference: readonly Json[];
  readonly uptime: number | undefined;
  readonly requests: number | undefined;
  readonly rate: number | undefined;
  readonly latency: number | undefined;
  readonly timeout: number;
  readonly registeredAt: number;
  readonly updatedAt: number;
}

/** `services.serving.default_container_timeout_sec` */
const DEFAULT_TIMEOUT = 600;
/** Statistics go to fields of Elasticsearch's type `integer`; what does not fit fails after the rest was kept. */
const LARGEST = 2 ** 31 - 1;
const REFERENCES = new Set(['app_id', 'app_instance', 'model', 'task', 'url']);

const stores = new WeakMap<Server['state'], Map<string, Container>>();

function storeOf({ state }: Server): Map<string, Container> {
  const known = stores.get(state) ?? new Map<string, Container>();
  stores.set(state, known);
  return known;
}

function keyOf(call: Call, id: string): string {
  return `serving_container_${call.caller.identity.company}_${id}`;
}

/** A number as the server's models read it. */
function number(data: Document, field: string, whole = true): number | undefined {
  const value = data[field];
  if (value === undefined || value === null) return undefined;
  const read = typeof value === 'string' ? Number(value) : value;
  if (typeof read !== 'number' || !Number.isFinite(read)) {
    throw apiError('validation_error', `value of wrong type for field '${field}', expected int`);
  }
  return whole ? Math.trunc(read) : read;
}

function references(data: Document): readonly Json[] {
  const list = data['reference'] ?? [];
  if (!Array.isArray(list)) {
    throw apiError('validation_error', "value of wrong type for field 'reference', expected list");
  }
  for (const one of list) {
    const item = typeof one === 'object' && one !== null && !Array.isArray(one) ? one : {};
    text(item, 'value');
    if (!REFERENCES.has(text(item, 'type'))) {
      throw apiError('validation_error', 'Value of field type is not one of the allowed ones');
    }
  }
  return list;
}

/** The fields of both reports. */
function described({
  data,
}: Call): Pick<Container, 'id' | 'endpoint' | 'url' | 'model' | 'reference'> {
  return {
    id: text(data, 'container_id'),
    endpoint: text(data, 'endpoint_name'),
    url: optionalText(data, 'endpoint_url'),
    model: text(data, 'model_name'),
    reference: references(data),
  };
}

/** Those of the caller's company whose time is not over. */
function containersOf(call: Call, server: Server): readonly Container[] {
  const store = storeOf(server);
  const now = server.clock.now();
  const prefix = keyOf(call, '');
  for (const [key, { updatedAt, timeout }] of store) {
    if (now - updatedAt > timeout * 1_000) store.delete(key);
  }
  return [...store].filter(([key]) => key.startsWith(prefix)).map(([, one]) => one);
}

function average(values: readonly (number | undefined)[], digits: number): number | null {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return null;
  return Number((known.reduce((sum, one) => sum + one, 0) / known.length).toFixed(digits));
}

function newest(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.max(...known);
}

/**
 * ClearML's page of model endpoints, as the server 2.3 keeps it in Redis. Its charts are not kept. A container that was registered and has
 * not reported has no uptime, and beside one that has the details of their URL fail, as the server's own.
 */
export const serving: Service = {
  'serving.register_container': {
    since: '2.31',
    minVersion: '2.31',
    handle(call, server) {
      const timeout = number(call.data, 'timeout') ?? DEFAULT_TIMEOUT;
      if (timeout < 1) throw apiError('validation_error', "'0' is lower than minimum ('1').");
      const now = server.clock.now();
      const one = described(call);
      storeOf(server).set(keyOf(call, one.id), {
        ...one,
        uptime: undefined,
        requests: undefined,
        rate: undefined,
        latency: undefined,
        timeout,
        registeredAt: now,
        updatedAt: now,
      });
      return {};
    },
  },
  'serving.unregister_container': {
    since: '2.31',
    minVersion: '2.31',
    handle(call, server) {
      storeOf(server).delete(keyOf(call, text(call.data, 'container_id')));
      return {};
    },
  },
  'serving.container_status_report': {
    since: '2.31',
    minVersion: '2.31',
    handle(call, server) {
      const one = described(call);
      if ((one.url ?? '') === '') {
        throw apiError('validation_error', "Missing required field 'endpoint_url'");
      }
      const key = keyOf(call, one.id);
      const now = server.clock.now();
      containersOf(call, server);
      const known = storeOf(server).get(key);
      const { data } = call;
      const entry = {
        ...one,
        uptime: number(data, 'uptime_sec'),
        requests: number(data, 'requests_num'),
        rate: number(data, 'requests_min', false),
        latency: number(data, 'latency_ms'),
        timeout: known?.timeout ?? DEFAULT_TIMEOUT,
        registeredAt: known?.registeredAt ?? now,
        updatedAt: now,
      };
      storeOf(server).set(key, entry);
      for (const value of [entry.uptime, entry.requests, entry.latency]) {
        if (value !== undefined && Math.abs(value) > LARGEST) throw apiError('general_error');
      }
      return {};
    },
  },
  'serving.get_endpoints': {
    since: '2.31',
    minVersion: '2.31',
    handle(call, server) {
      const byUrl = Map.groupBy(containersOf(call, server), ({ url }) => url);
      byUrl.delete(undefined);
      const endpoints = [...byUrl].map(([url, all]) => ({
        endpoint: all[0]?.endpoint ?? null,
        model: all[0]?.model ?? null,
        url: url ?? null,
        instances: all.length,
        uptime_sec: newest(all.map(({ uptime }) => uptime)),
        requests: all.reduce((sum, { requests }) => sum + (requests ?? 0), 0),
        requests_min: average(
          all.map(({ rate }) => rate),
          2,
        ),
        latency_ms: average(
          all.map(({ latency }) => latency),
          0,
        ),
        last_update: timestamp(Math.max(...all.map(({ updatedAt }) => updatedAt))),
      }));
      return { endpoints };
    },
  },
  'serving.get_loading_instances': {
    since: '2.31',
    minVersion: '2.31',
    handle(call, server) {
      const loading = containersOf(call, server).filter(({ url }) => url === undefined);
      return {
        instances: loading.map(({ id, endpoint, model, updatedAt }) => ({
          id,
          endpoint,
          model,
          url: null,
          last_update: timestamp(updatedAt),
        })),
      };
    },
  },
  'serving.get_endpoint_details': {
    since: '2.31',
    minVersion: '2.31',
    handle(call, server) {
      const asked = text(call.data, 'endpoint_url');
      const all = containersOf(call, server).filter(({ url }) => url === asked);
      const [first] = all;
      if (first === undefined) {
        throw apiError('no_containers_for_url', undefined, { url: asked });
      }
      const uptimes = new Set(all.map(({ uptime }) => typeof uptime));
      if (uptimes.size > 1) throw apiError('general_error');
      return {
        endpoint: first.endpoint,
        model: first.model,
        url: asked,
        uptime_sec: newest(all.map(({ uptime }) => uptime)),
        last_update: timestamp(Math.max(...all.map(({ updatedAt }) => updatedAt))),
        instances: all.map((one) => ({
          id: one.id,
          uptime_sec: one.uptime ?? null,
          requests: one.requests ?? null,
          requests_min: one.rate ?? null,
          latency_ms: one.latency ?? null,
          last_update: timestamp(one.updatedAt),
          reference: [...one.reference],
          cpu_count: 0,
          gpu_count: 0,
        })),
      };
    },
  },
};
