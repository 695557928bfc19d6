import { readFileSync } from 'node:fs';
import { watchFileText } from '../../settings/watched_file.ts';
import type { Log } from '../../telemetry/log.ts';
import { readStaticRoutes, type OwnUrls, type StaticRouteRule } from './static_routes.ts';

/** The static routes in force, which follow STATIC_ROUTES_FILE. */
export interface StaticRouteFile {
  /** The same list until the file says something else. */
  readonly rules: () => readonly StaticRouteRule[];
  /** What is wrong with the file as it stands; the last good rules stay in force meanwhile. */
  readonly problems: () => readonly string[];
  readonly close: () => void;
}

const NO_RULES: readonly StaticRouteRule[] = [];

const NONE: StaticRouteFile = {
  rules: () => NO_RULES,
  problems: () => [],
  close: () => undefined,
};

/**
 * Reads the file and follows its changes.
 *
 * @throws RouterError SETTINGS_INVALID when it is wrong at the start: later mistakes must not end routes that serve.
 */
export function followStaticRoutes(
  path: string | undefined,
  urls: OwnUrls,
  log: Log,
): StaticRouteFile {
  if (path === undefined) return NONE;
  const first = readFileSync(path, 'utf8');
  let rules = readStaticRoutes(first, path, urls);
  let problem: string | undefined;
  const close = watchFileText(path, first, (text) => {
    try {
      rules = readStaticRoutes(text, path, urls);
      problem = undefined;
      log.info({ event: 'static_routes_changed', routes: rules.length }, 'Static routes changed');
    } catch (error) {
      const text = (error as Error).message.replace(/\s*\n\s*/g, '; ');
      problem = `${text}; the static routes that were read before stay in force`;
    }
  });
  return { rules: () => rules, problems: () => (problem === undefined ? [] : [problem]), close };
}
