import { createHash } from 'node:crypto';

/**
 * What stands after `/service/` in a URL: a task's id (32 hex digits) and, for a named endpoint, `__<name>`.
 * The same text names the endpoint in logs, metrics and access decisions.
 */
export type EndpointId = string;

const PLAIN_NAME = /^[A-Za-z0-9._-]{1,64}$/;
const LONGEST_NAME = 64;
/** RFC 1035, 2.3.4. */
const LONGEST_LABEL = 63;
const LABEL_END = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

/** ClearML's ids: 32 hex digits, lower case. Anything else could not stand in a URL as one thing with one spelling. */
export const TASK_ID_LENGTH = 32;
const CLEARML_ID = /^[0-9a-f]{32}$/;

/** Grammar of an endpoint's id. */
export const ENDPOINT_ID = /^[0-9a-f]{32}(?:__[A-Za-z0-9._-]{1,64})?$/;

/** What the path form of an endpoint's URL begins with; its id follows. */
export const SERVICE_PATH = '/service/';

export function isClearmlId(text: string): boolean {
  return CLEARML_ID.test(text);
}

/** The id of the task that an endpoint belongs to. */
export function taskIdOf(id: EndpointId): string {
  return id.slice(0, TASK_ID_LENGTH);
}

/**
 * The name of an endpoint as it stands in URLs. A name outside `[A-Za-z0-9._-]{1,64}` becomes a slug that ends with six hex
 * digits of the name's SHA-256, so that two odd names stay two.
 */
export function urlName(name: string): string {
  if (PLAIN_NAME.test(name)) return name;
  const hash = createHash('sha256').update(name, 'utf8').digest('hex').slice(0, 6);
  const slug = name.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, LONGEST_NAME - hash.length - 1);
  return `${slug}-${hash}`;
}

/** The endpoint's id: the task's, and for a named endpoint `__<name>`. */
export function endpointId(taskId: string, name: string | undefined): EndpointId {
  return name === undefined ? taskId : `${taskId}__${urlName(name)}`;
}

/**
 * DNS labels of a task's endpoints under ROUTER_WILDCARD_HOST, in the order of `names`. A name that fits no label, or that
 * differs from another by case alone (host names have none), gets undefined: the path form still leads to it.
 */
export function endpointLabels(
  taskId: string,
  names: readonly (string | undefined)[],
): readonly (string | undefined)[] {
  const lower = names.map((name) => (name === undefined ? '' : urlName(name).toLowerCase()));
  const counts = new Map<string, number>();
  for (const name of lower) counts.set(name, (counts.get(name) ?? 0) + 1);
  return lower.map((name) => {
    if (name === '') return taskId;
    const label = `${taskId}--${name}`;
    const alone = counts.get(name) === 1;
    return alone && LABEL_END.test(name) && label.length <= LONGEST_LABEL ? label : undefined;
  });
}
