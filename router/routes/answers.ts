import type { RouterUrl } from '../settings/values.ts';
import type { Endpoint } from './endpoint.ts';
import { runtimeKey, type RuntimeKey } from './runtime_keys.ts';
import { writeRecordedAnswer } from './tcp_answer.ts';

/** What answers are made of besides the endpoint. */
export interface AnswerRules {
  readonly routerName: string;
  readonly routerUrl: RouterUrl;
  readonly wildcardHost: string | undefined;
  /** ROUTER_PATH_FORM. */
  readonly pathForm: boolean;
  readonly tcpAddress: string | undefined;
}

/** Runtime keys and the values that the router wants to stand there. */
export type Answers = ReadonlyMap<string, string>;

/** `https://<label>.<ROUTER_WILDCARD_HOST>/`, with the scheme and port of ROUTER_URL. */
function wildcardUrl(label: string, host: string, router: RouterUrl): string {
  const port = router.host.slice(router.hostname.length);
  return `${router.secure ? 'https' : 'http'}://${label}.${host}${port}/`;
}

/**
 * The answers of one endpoint: of its open ways only, since an ask that is refused or incomplete is left as it is.
 *
 * @param staticUrl the URL of the static route that the endpoint asked for, if it did.
 */
export function endpointAnswers(
  endpoint: Endpoint,
  staticUrl: string | undefined,
  rules: AnswerRules,
): readonly (readonly [string, string])[] {
  const { name, http, tcp, label } = endpoint;
  const answers: (readonly [string, string])[] = [];
  const answer = (key: RuntimeKey, value: string): void => {
    answers.push([runtimeKey(key, name), value]);
  };
  if (http?.state === 'open') {
    const hosted =
      rules.wildcardHost !== undefined && label !== undefined
        ? wildcardUrl(label, rules.wildcardHost, rules.routerUrl)
        : undefined;
    const path = `${rules.routerUrl.origin}/service/${endpoint.id}/`;
    // Where there is a path form, `endpoint` has it, even with a wildcard host: apps take their root path from it. Without one it
    // has the endpoint's own host, where an app's root is the host's.
    answer('endpoint', staticUrl ?? (rules.pathForm ? path : (hosted ?? path)));
    answer('browser_endpoint', staticUrl ?? hosted ?? path);
  }
  if (tcp?.state === 'open' && tcp.port !== undefined && rules.tcpAddress !== undefined) {
    answer('external_address', rules.tcpAddress);
    answer('external_tcp_port', String(tcp.port));
    answer('upstream_task_address', tcp.upstream.address);
    answer('upstream_task_port', String(tcp.upstream.port));
    answer('router_tcp_answer', writeRecordedAnswer({ address: rules.tcpAddress, port: tcp.port }));
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
