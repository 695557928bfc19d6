import { SERVICE_PATH, type EndpointId } from '../../grammar/endpoint_id.ts';
import { isHealthPath, LONGEST_HEALTH_PATH } from '../../grammar/path.ts';
import type { WebOptions } from '../model/endpoint.ts';
import type { HttpAsk } from './ask.ts';

/** What a task says, and whether it wants to be spoken to over TLS. */
interface ReadOptions {
  readonly options: WebOptions;
  readonly isTls: boolean;
}

/** Why an ask is refused, in a sentence without its full stop. */
interface RefusedOptions {
  readonly reason: string;
}

/** A word that says yes or no; undefined for one that says neither. */
function readFlag(word: string): boolean | undefined {
  const lower = word.toLowerCase();
  if (lower === '' || lower === 'false') return false;
  return lower === 'true' ? true : undefined;
}

/**
 * Reads what a task says of its web server. What cannot be read refuses the ask: the app would else be served in a way that it does not
 * expect, and nobody would learn why it fails.
 *
 * @param pathForm ROUTER_PATH_FORM: without it an endpoint's URL has no path that could be kept.
 */
export function readWebOptions(
  ask: HttpAsk,
  id: EndpointId,
  pathForm: boolean,
): ReadOptions | RefusedOptions {
  const options: { -readonly [key in keyof WebOptions]: WebOptions[key] } = {};
  if (ask.healthPath !== '') {
    if (!isHealthPath(ask.healthPath)) {
      const reason = `router_health_path of the task is no path: it begins with /, has at most ${LONGEST_HEALTH_PATH} characters of those that a URL has, and leads nowhere above itself`;
      return { reason };
    }
    options.healthPath = ask.healthPath;
  }
  const keeps = readFlag(ask.keepPrefix);
  if (keeps === undefined) return { reason: 'router_keep_prefix of the task is not true or false' };
  if (keeps) options.basePath = pathForm ? SERVICE_PATH + id : '';
  if (ask.scheme !== '' && ask.scheme !== 'http' && ask.scheme !== 'https') {
    return { reason: 'router_scheme of the task is not http or https' };
  }
  return { options, isTls: ask.scheme === 'https' };
}
