import { pathUrl, wildcardUrl } from '../../settings/urls.ts';
import type { RouterUrl } from '../../settings/values.ts';
import type { EndpointGrants, Grant } from '../claims/grants.ts';
import type { Protocol, StampContent, Stamper } from '../asks/stamp.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { runtimeKey, type RuntimeKey } from '../../grammar/runtime_keys.ts';
import { writeRecordedAnswer } from '../asks/tcp_answer.ts';

/** What answers are made of besides the endpoint. */
export interface AnswerRules {
  readonly routerName: string;
  readonly routerUrl: RouterUrl;
  /** Of `routerUrl`. */
  readonly routerPort: number;
  readonly wildcardHost: string | undefined;
  /** ROUTER_PATH_FORM. */
  readonly pathForm: boolean;
  readonly tcpAddress: string | undefined;
  readonly stamper: Pick<Stamper, 'write' | 'read' | 'keys'>;
}

/** Runtime keys and the values that the router wants to stand there. */
export type Answers = ReadonlyMap<string, string>;

/** The stamp of one answer; undefined at a replica that does not know yet what the leader stamped. */
function stampOf(
  { task, name }: Endpoint,
  protocol: Protocol,
  { upstream, staticRoute, issued }: Grant,
  router: Pick<StampContent, 'routerAddress' | 'routerPort'>,
  { stamper }: AnswerRules,
): string | undefined {
  if (issued === undefined) return undefined;
  const content = {
    issued,
    taskAddress: upstream.address,
    taskPort: upstream.port,
    ...router,
    staticRoute,
  };
  return stamper.write({ taskId: task.id, name, protocol }, content);
}

/**
 * The answers of one endpoint: of its open ways only, since an ask that is refused or incomplete is left as it is.
 *
 * @param staticUrl the URL of the static route that the endpoint asked for, if it did.
 */
export function endpointAnswers(
  endpoint: Endpoint,
  grants: EndpointGrants,
  staticUrl: string | undefined,
  rules: AnswerRules,
): readonly (readonly [string, string])[] {
  const { name, http, tcp, label } = endpoint;
  const answers: (readonly [string, string])[] = [];
  const answer = (key: RuntimeKey, value: string | undefined): void => {
    if (value !== undefined) answers.push([runtimeKey(key, name), value]);
  };
  if (http?.state === 'open') {
    const hosted = wildcardUrl(rules.routerUrl, rules.wildcardHost, label);
    const path = pathUrl(rules.routerUrl, endpoint.id);
    // Where there is a path form, `endpoint` has it, even with a wildcard host: apps take their root path from it. Without one it
    // has the endpoint's own host, where an app's root is the host's.
    answer('endpoint', staticUrl ?? (rules.pathForm ? path : (hosted ?? path)));
    answer('browser_endpoint', staticUrl ?? hosted ?? path);
    const { origin: routerAddress } = rules.routerUrl;
    const router = { routerAddress, routerPort: rules.routerPort };
    answer(
      'router_http_stamp',
      grants.http && stampOf(endpoint, 'http', grants.http, router, rules),
    );
  }
  if (tcp?.state === 'open' && tcp.port !== undefined && rules.tcpAddress !== undefined) {
    answer('external_address', rules.tcpAddress);
    answer('external_tcp_port', String(tcp.port));
    answer('upstream_task_address', tcp.upstream.address);
    answer('upstream_task_port', String(tcp.upstream.port));
    answer('router_tcp_answer', writeRecordedAnswer({ address: rules.tcpAddress, port: tcp.port }));
    const router = { routerAddress: rules.tcpAddress, routerPort: tcp.port };
    answer('router_tcp_stamp', grants.tcp && stampOf(endpoint, 'tcp', grants.tcp, router, rules));
  }
  if (answers.length > 0) answer('router_name', rules.routerName);
  return answers;
}

/** The answers that do not stand in the runtime, as one edit; undefined when all stand. */
export function missingAnswers(
  answers: Answers,
  runtime: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> | undefined {
  let missing: Record<string, string> | undefined;
  for (const [key, value] of answers) {
    if (runtime.get(key) === value) continue;
    missing ??= {};
    missing[key] = value;
  }
  return missing;
}
