import type { TestEvent } from 'node:test/reporters';
import { SKIPPED_IN_CI } from './skipped_in_ci.ts';

/** A reporter beside the usual one: in CI a skipped test that `skipped_in_ci.ts` does not list makes the run fail. */
export default async function* unlistedSkips(
  events: AsyncIterable<TestEvent>,
): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { file = '', name, skip } = data;
    if (skip === undefined || skip === false || process.env['CI'] !== 'true') continue;
    const listed = Object.hasOwn(SKIPPED_IN_CI, name) ? SKIPPED_IN_CI[name] : undefined;
    if (listed === undefined) {
      process.exitCode = 1;
      const why = typeof skip === 'string' ? skip : 'no reason given';
      yield `✖ skipped, which fails in CI: ${name} (${why}) in ${file}; list it in test/skipped_in_ci.ts or let it run\n`;
    } else yield `﹣ skipped, as listed: ${name}: ${listed}\n`;
  }
}
