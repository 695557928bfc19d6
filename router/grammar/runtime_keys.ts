/**
 * The runtime properties by which a task asks and the router answers, without the suffix `__<name>` that all keys of one named
 * endpoint share.
 */
export const RUNTIME_KEYS = [
  '_SERVICE',
  '_ADDRESS',
  '_PORT',
  '_ROUTER_ENDPOINT_MODE',
  '_ROUTER_ENDPOINT_MODE_PARAM',
  'endpoint',
  'browser_endpoint',
  'external_address',
  'external_tcp_port',
  'upstream_task_port',
  /** The level that the task wants its endpoint narrowed to: `owner`, `people` or `visible`. */
  'router_access',
  /** The path that tells whether the task is well. */
  'router_health_path',
  /** `true`: the path of the endpoint's URL is not cut from what the task sees. */
  'router_keep_prefix',
  /** `http` or `https`: how the task's web server is spoken to. */
  'router_scheme',
  /** `v2`: the task wants a PROXY header of that version before each connection's bytes. */
  'router_proxy_protocol',
  /** The router's own: the task's address, which the TCP answer overwrites. */
  'upstream_task_address',
  /** The router's own: `<address>:<port>` of the TCP answer as it was written, to tell it from a fresh ask. */
  'router_tcp_answer',
  /** The router's own: proof of the HTTP and of the TCP answer (stamp.ts). */
  'router_http_stamp',
  'router_tcp_stamp',
  /** The router's own: ROUTER_NAME of whoever answered last. */
  'router_name',
] as const;

export type RuntimeKey = (typeof RUNTIME_KEYS)[number];

/** The router's own: when the task was used last, by whichever of its endpoints (use_stamp.ts). It has no suffix. */
export const LAST_USED_KEY = 'router_last_used';

/** How long the task wants to be left idle: seconds, or `never`. It has no suffix. */
export const IDLE_STOP_KEY = 'router_idle_stop';

/** The key of one endpoint: `name` is undefined for the task's unnamed endpoint. */
export function runtimeKey(key: RuntimeKey, name: string | undefined): string {
  return name === undefined ? key : `${key}__${name}`;
}

/** A key without the suffix of a named endpoint. */
export function withoutName(key: string): string {
  const end = key.indexOf('__', 1);
  return end === -1 ? key : key.slice(0, end);
}
