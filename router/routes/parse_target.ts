import type { EndpointId } from './endpoint.ts';
import type { RouteTable } from './table.ts';
import type { Target } from './target.ts';

/** What does not change from request to request. */
export interface TargetRules {
  /** Host name of ROUTER_URL, lower case, without port: the only one with pages of the router's own. */
  readonly ownHost: string;
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

const SERVICE = '/service/';
const TASK_ID_LENGTH = 32;
/** Slugs of long names carry a hash, so they may be a little longer than the 64 characters of a plain name. */
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

/** Separators of path segments: servers differ in which they take for one, so a climb is looked for under each reading. */
const READINGS = [/\//, /[/\\]/, /\/|%2f/i, /[/\\]|%2f|%5c/i] as const;

/** `..`, escaped or not; some Java servers drop a `;parameter` first. */
const UP = /^(?:\.|%2e){2}(?:;.*)?$/i;
const STAY = /^(?:\.|%2e)?(?:;.*)?$/i;

/**
 * Whether the path from `start` on has dot segments that lead above it. An empty segment is no step down: servers that merge
 * slashes would count it differently.
 */
function climbs(url: string, start: number): boolean {
  const query = url.indexOf('?', start);
  const path = query === -1 ? url.slice(start) : url.slice(start, query);
  // Two dots in a row in any spelling hold a dot or its escape twice; most paths hold neither, and no segment is ever split.
  if (!path.includes('..') && !path.includes('%2')) return false;
  return READINGS.some((separator) => {
    let depth = 0;
    return path.split(separator).some((segment) => {
      if (UP.test(segment)) depth--;
      else if (!STAY.test(segment)) depth++;
      return depth < 0;
    });
  });
}

function pathOfEndpoint(url: string): Target {
  const end = endOfEndpointId(url, SERVICE.length);
  if (end === -1) return NOT_FOUND;
  if (atPathEnd(url, end)) {
    return { kind: 'redirect', location: `${url.slice(0, end)}/${url.slice(end)}` };
  }
  if (url.charCodeAt(end) !== SLASH) return NOT_FOUND;
  if (climbs(url, end)) return CLIMBS;
  return { kind: 'endpoint', form: 'path', id: url.slice(SERVICE.length, end), cut: end };
}

/** `<task id>` or `<task id>--<name>`; the table knows the name's own spelling, a label is lower case. */
function idOfLabel(label: string, table: RouteTable): EndpointId | undefined {
  const known = table.labels.get(label);
  if (known !== undefined) return known.id;
  if (!holdsTaskId(label, 0)) return undefined;
  if (label.length === TASK_ID_LENGTH) return label;
  if (!label.startsWith('--', TASK_ID_LENGTH)) return undefined;
  const id = `${label.slice(0, TASK_ID_LENGTH)}__${label.slice(TASK_ID_LENGTH + 2)}`;
  return endOfEndpointId(id, 0) === id.length ? id : undefined;
}

function hostOfEndpoint(url: string, label: string, table: RouteTable): Target {
  const id = idOfLabel(label, table);
  if (id === undefined) return NOT_FOUND;
  // Apps that take their root from the answered `endpoint` (Gradio) ask for the path form on their own host, too; also those
  // that were answered before the path form was switched off.
  const cut = SERVICE.length + id.length;
  const underOwnPrefix =
    url.startsWith(id, SERVICE.length) &&
    url.startsWith(SERVICE) &&
    (atPathEnd(url, cut) || url.charCodeAt(cut) === SLASH);
  const start = underOwnPrefix ? cut : 0;
  if (climbs(url, start)) return CLIMBS;
  return { kind: 'endpoint', form: 'wildcard', id, cut: start };
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
 * no endpoint is still an endpoint here: whether it exists is for the gate to say, to those who may know.
 */
export function parseTarget(
  method: string,
  url: string,
  hostname: string,
  table: RouteTable,
  rules: TargetRules,
): Target {
  if (method === 'TRACE' || method === 'CONNECT') return METHOD_REFUSED;
  if (url.charCodeAt(0) !== SLASH) return NOT_ORIGIN_FORM;
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
  if (rules.pathForm && url.startsWith(SERVICE)) return pathOfEndpoint(url);
  if (table.staticPaths.size > 0) {
    const end = endOfFirstSegment(url);
    const route = table.staticPaths.get(url.slice(1, end));
    if (route !== undefined) {
      if (!route.enabled) return NOT_FOUND;
      if (atPathEnd(url, end)) {
        return { kind: 'redirect', location: `${url.slice(0, end)}/${url.slice(end)}` };
      }
      return climbs(url, end) ? CLIMBS : { kind: 'static', route, cut: end };
    }
  }
  if (hostname !== rules.ownHost) return NOT_FOUND;
  const query = url.indexOf('?');
  return query === -1
    ? { kind: 'own', path: url, query: '' }
    : { kind: 'own', path: url.slice(0, query), query: url.slice(query + 1) };
}
