import {
  SERVICE_PATH,
  TASK_ID_LENGTH,
  taskIdOf,
  type EndpointId,
} from '../../grammar/endpoint_id.ts';
import { climbs } from '../../grammar/path.ts';
import type { RouteTable } from './table.ts';
import type { Target } from './target.ts';

/** What does not change from request to request. */
export interface TargetRules {
  /** Host name of ROUTER_URL, lower case, without port: the only one with pages of the router's own, but for `pagesHost`. */
  readonly ownHost: string;
  /** Host name of ROUTER_PAGES_URL where that is another: nothing but pages of the router's own is ever served there. */
  readonly pagesHost?: string | undefined;
  /** ROUTER_WILDCARD_HOST, lower case, without port; undefined when off. */
  readonly wildcardHost: string | undefined;
  /** ROUTER_PATH_FORM: whether endpoints are below `/service/`, too. Without it that path is one like any other. */
  readonly pathForm: boolean;
}

type Refused = Target & { readonly kind: 'refused' };

const NOT_FOUND: Refused = { kind: 'refused', status: 404, reason: 'there is nothing here' };
const CLIMBS: Refused = {
  kind: 'refused',
  status: 400,
  reason: 'the dot segments of the path lead out of the endpoint',
};
const NOT_ORIGIN_FORM: Refused = {
  kind: 'refused',
  status: 400,
  reason: 'the request-target must be a path that begins with a slash',
};
const METHOD_REFUSED: Refused = {
  kind: 'refused',
  status: 405,
  reason: 'this method never passes the router',
};

/** More characters than any endpoint's name has in a URL: what is longer is no endpoint's without that the table is asked. */
const LONGEST_NAME = 80;
const SLASH = 0x2f;
const QUESTION = 0x3f;

function isLowerHex(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x66);
}

function isNameCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f
  );
}

function holdsTaskId(text: string, start: number): boolean {
  const end = start + TASK_ID_LENGTH;
  if (text.length < end) return false;
  for (let index = start; index < end; index++) {
    if (!isLowerHex(text.charCodeAt(index))) return false;
  }
  return true;
}

/**
 * Where the endpoint id that begins at `start` ends; -1 where there is none. No escapes, no upper case: a second spelling of
 * an id would be a second name for the same thing in access rules, caches and logs.
 */
function endOfEndpointId(url: string, start: number): number {
  if (!holdsTaskId(url, start)) return -1;
  let end = start + TASK_ID_LENGTH;
  if (url.startsWith('__', end)) {
    const name = end + 2;
    end = name;
    while (end < url.length && isNameCharacter(url.charCodeAt(end))) end++;
    if (end === name || end - name > LONGEST_NAME) return -1;
  }
  return end;
}

function atPathEnd(url: string, index: number): boolean {
  return index === url.length || url.charCodeAt(index) === QUESTION;
}

function withSlash(url: string, end: number): Target {
  return { kind: 'redirect', location: `${url.slice(0, end)}/${url.slice(end)}` };
}

function pathOfEndpoint(url: string, follows: boolean): Target {
  const end = endOfEndpointId(url, SERVICE_PATH.length);
  if (end === -1) return NOT_FOUND;
  const bare = atPathEnd(url, end);
  if (bare && follows) return withSlash(url, end);
  if (!bare && url.charCodeAt(end) !== SLASH) return NOT_FOUND;
  if (climbs(url, end)) return CLIMBS;
  return { kind: 'endpoint', form: 'path', id: url.slice(SERVICE_PATH.length, end), cut: end };
}

/** `<task id>` or `<task id>--<name>`; the table knows the name's own spelling, a label is lower case. */
function idOfLabel(label: string, table: RouteTable): EndpointId | undefined {
  const known = table.labels.get(label);
  if (known !== undefined) return known.id;
  if (!holdsTaskId(label, 0)) return undefined;
  if (label.length === TASK_ID_LENGTH) return label;
  if (!label.startsWith('--', TASK_ID_LENGTH)) return undefined;
  const id = `${taskIdOf(label)}__${label.slice(TASK_ID_LENGTH + 2)}`;
  return endOfEndpointId(id, 0) === id.length ? id : undefined;
}

function hostOfEndpoint(url: string, label: string, table: RouteTable): Target {
  const id = idOfLabel(label, table);
  if (id === undefined) return NOT_FOUND;
  // Apps that take their root from the answered `endpoint` (Gradio) ask for the path form on their own host, too; also those
  // that were answered before the path form was switched off.
  const cut = SERVICE_PATH.length + id.length;
  const underOwnPrefix =
    url.startsWith(id, SERVICE_PATH.length) &&
    url.startsWith(SERVICE_PATH) &&
    (atPathEnd(url, cut) || url.charCodeAt(cut) === SLASH);
  const start = underOwnPrefix ? cut : 0;
  if (climbs(url, start)) return CLIMBS;
  return { kind: 'endpoint', form: 'wildcard', id, cut: start };
}

function ownPage(url: string): Target {
  const query = url.indexOf('?');
  return query === -1
    ? { kind: 'own', path: url, query: '' }
    : { kind: 'own', path: url.slice(0, query), query: url.slice(query + 1) };
}

function endOfFirstSegment(url: string): number {
  for (let index = 1; index < url.length; index++) {
    const code = url.charCodeAt(index);
    if (code === SLASH || code === QUESTION) return index;
  }
  return url.length;
}

/**
 * Reads what a request line addresses, once, from the raw bytes: the one place that decides which endpoint a request is for.
 * `hostname` is the Host header in lower case without its port; nothing is decoded, resolved or normalised. An id that names
 * no endpoint is still an endpoint here: whether it exists is for the gate to say, to those who may know. A prefix without its
 * slash is redirected, but for upgrades and OPTIONS: no browser follows a redirect of a WebSocket or of a preflight.
 */
export function parseTarget(
  method: string,
  url: string,
  hostname: string,
  table: RouteTable,
  rules: TargetRules,
  upgrade = false,
): Target {
  const follows = !upgrade && method !== 'OPTIONS';
  if (method === 'TRACE' || method === 'CONNECT') return METHOD_REFUSED;
  if (url.charCodeAt(0) !== SLASH) return NOT_ORIGIN_FORM;
  if (hostname === rules.pagesHost) return ownPage(url);
  if (rules.wildcardHost !== undefined && hostname.endsWith(rules.wildcardHost)) {
    const dot = hostname.length - rules.wildcardHost.length - 1;
    if (dot > 0 && hostname.charCodeAt(dot) === 0x2e) {
      return hostOfEndpoint(url, hostname.slice(0, dot), table);
    }
  }
  const onHost = table.staticHosts.get(hostname);
  if (onHost !== undefined) {
    if (!onHost.enabled) return NOT_FOUND;
    return climbs(url, 0) ? CLIMBS : { kind: 'static', route: onHost, cut: 0 };
  }
  if (rules.pathForm && url.startsWith(SERVICE_PATH)) return pathOfEndpoint(url, follows);
  if (table.staticPaths.size > 0) {
    const end = endOfFirstSegment(url);
    const route = table.staticPaths.get(url.slice(1, end));
    if (route !== undefined) {
      if (!route.enabled) return NOT_FOUND;
      if (follows && atPathEnd(url, end)) return withSlash(url, end);
      return climbs(url, end) ? CLIMBS : { kind: 'static', route, cut: end };
    }
  }
  return hostname === rules.ownHost ? ownPage(url) : NOT_FOUND;
}
