import { readdirSync, readFileSync } from 'node:fs';
import { writeWheel, type Wheel } from './wheel.ts';

const SOURCES = new URL('../../client/task_router/', import.meta.url);

/**
 * The Python package of `router/client/`, of the router's own version. In the bundle, which has no files beside it, another module stands
 * in for this one and holds the wheel as it was when the bundle was made (infra/bundle/client_wheel.ts).
 */
export function clientWheel(version: string): Wheel {
  const names = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => /\.(?:py|typed)$/.test(name));
  const sources = names.map((name) => [name, readFileSync(new URL(name, SOURCES), 'utf8')]);
  return writeWheel(Object.fromEntries(sources), version);
}
