import { endpointId, type EndpointId } from '../../grammar/endpoint_id.ts';
import type { EndpointAsk } from './ask.ts';
import { RUNTIME_KEYS, runtimeKey, type RuntimeKey } from '../../grammar/runtime_keys.ts';
import type { Protocol } from './stamp.ts';

/** One endpoint as somebody asks for it in place of the task's code. */
export interface WrittenAsk {
  readonly protocol: Protocol;
  readonly name: string | undefined;
  /** Of the task's pod. */
  readonly address: string;
  readonly port: number;
  /** Of an HTTP endpoint: its prefix is not cut. */
  readonly keepPrefix?: boolean | undefined;
  /** Of an HTTP endpoint: what its app speaks; undefined is HTTP. */
  readonly scheme?: 'http' | 'https' | undefined;
}

/** An edit of a task's runtime. */
export interface RuntimeEdit {
  readonly values: Readonly<Record<string, string>>;
  readonly removed: readonly string[];
}

/**
 * What an older ask and answer left, which would be taken for a part of the new one. The stamp stays: by it a port is had again. So
 * does the health path, which only the task's code can say.
 */
const OLD_ONES: Readonly<Record<Protocol, readonly RuntimeKey[]>> = {
  http: [
    'endpoint',
    'browser_endpoint',
    '_ROUTER_ENDPOINT_MODE',
    '_ROUTER_ENDPOINT_MODE_PARAM',
    'router_keep_prefix',
    'router_scheme',
  ],
  tcp: ['upstream_task_address', 'router_tcp_answer'],
};

/** What is the task's own matter, whoever asked: how it wants its connections, and whom it wants kept out. */
const OWN_MATTERS: readonly RuntimeKey[] = ['router_proxy_protocol', 'router_access'];

/** All that ask and answer of an endpoint consist of. */
const ASK_AND_ANSWER = RUNTIME_KEYS.filter((key) => !OWN_MATTERS.includes(key));

function asked({
  protocol,
  address,
  port,
  keepPrefix = false,
  scheme,
}: WrittenAsk): readonly (readonly [RuntimeKey, string])[] {
  const text = String(port);
  if (protocol === 'http') {
    return [
      ['_SERVICE', 'EXTERNAL'],
      ['_ADDRESS', address],
      ['_PORT', text],
      ...(keepPrefix ? [['router_keep_prefix', 'true'] as const] : []),
      ...(scheme === 'https' ? [['router_scheme', scheme] as const] : []),
    ];
  }
  return [
    ['_SERVICE', 'EXTERNAL_TCP'],
    ['external_address', address],
    ['external_tcp_port', text],
    ['upstream_task_port', text],
  ];
}

/** The edit that asks, as `Task.request_external_endpoint` of clearml 2.1 writes it. */
export function askEdit(ask: WrittenAsk): RuntimeEdit {
  const { protocol, name } = ask;
  const values = Object.fromEntries(
    asked(ask).map(([key, value]) => [runtimeKey(key, name), value]),
  );
  const old = OLD_ONES[protocol].map((key) => runtimeKey(key, name));
  return { values, removed: old.filter((key) => !(key in values)) };
}

/** The edit that takes an endpoint away, by both of its ways. */
export function withdrawalEdit(name: string | undefined): RuntimeEdit {
  return { values: {}, removed: ASK_AND_ANSWER.map((key) => runtimeKey(key, name)) };
}

/** Whether an ask stands in a runtime, or the answer over it: somebody's older copy of the whole can go over a new ask. */
export function standsIn(runtime: ReadonlyMap<string, string>, ask: WrittenAsk): boolean {
  const value = (key: RuntimeKey): string => runtime.get(runtimeKey(key, ask.name)) ?? '';
  const port = String(ask.port);
  if (ask.protocol === 'http') return value('_ADDRESS') === ask.address && value('_PORT') === port;
  return value('external_tcp_port') !== '' && value('upstream_task_port') === port;
}

/** Whether anything of a router's answer stands in a runtime for this endpoint. */
export function isAnswered(
  runtime: ReadonlyMap<string, string>,
  name: string | undefined,
): boolean {
  const keys: readonly RuntimeKey[] = ['router_name', 'router_http_stamp', 'router_tcp_stamp'];
  return keys.some((key) => runtime.has(runtimeKey(key, name)));
}

/** What of a task's asks is the endpoint of this id; the first of two names that make one id has it. */
export function askOf(
  taskId: string,
  asks: readonly EndpointAsk[],
  id: EndpointId,
): EndpointAsk | undefined {
  return asks.find(({ name }) => endpointId(taskId, name) === id);
}
