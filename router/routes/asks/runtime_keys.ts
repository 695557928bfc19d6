/**
 * The runtime properties by which a task asks and the router answers, without the suffix `__<name>` that all keys of one named
 * endpoint share.
 */
export type RuntimeKey =
  | '_SERVICE'
  | '_ADDRESS'
  | '_PORT'
  | '_ROUTER_ENDPOINT_MODE'
  | '_ROUTER_ENDPOINT_MODE_PARAM'
  | 'endpoint'
  | 'browser_endpoint'
  | 'external_address'
  | 'external_tcp_port'
  | 'upstream_task_port'
  /** `v2`: the task wants a PROXY header of that version before each connection's bytes. */
  | 'router_proxy_protocol'
  /** The router's own: the task's address, which the TCP answer overwrites. */
  | 'upstream_task_address'
  /** The router's own: `<address>:<port>` of the TCP answer as it was written, to tell it from a fresh ask. */
  | 'router_tcp_answer'
  /** The router's own: proof of the HTTP and of the TCP answer (stamp.ts). */
  | 'router_http_stamp'
  | 'router_tcp_stamp'
  /** The router's own: ROUTER_NAME of whoever answered last. */
  | 'router_name';

/** The key of one endpoint: `name` is undefined for the task's unnamed endpoint. */
export function runtimeKey(key: RuntimeKey, name: string | undefined): string {
  return name === undefined ? key : `${key}__${name}`;
}
