import { resolve } from 'node:path';
import type { TestContext } from 'node:test';

import type { ConfigMap } from '@pulumi/pulumi/automation/index.js';

import type { Edition } from '../lab/clearml/options.ts';
import {
  prepareSession,
  startSession,
  type Prepared,
  type Session,
  type SessionParts,
} from '../lab/run/session.ts';
import { UNATTENDED } from '../lab/run/options.ts';
import { removeRun } from '../lab/run/teardown.ts';
import { WorkFolder } from '../lab/run/work_folder.ts';
import { toolsOrSkip } from './availability.ts';
import { linesOf } from './progress_lines.ts';

/** A run of a test's own, and its folder. */
export type OwnRun<Kind> = Kind & { readonly folder: WorkFolder };

/**
 * A run with a router, removed after the test; undefined, and the test is skipped, where it cannot be had. `config` is that of
 * the stack, beside the lab's own; `edition` is the kind of ClearML server, that of a session unless given.
 */
export function sessionOrSkip(
  t: TestContext,
  name: string,
  config: ConfigMap = {},
  edition?: Edition,
): Promise<OwnRun<Session> | undefined> {
  const kind = edition === undefined ? {} : { edition };
  return runOrSkip(t, name, (parts) => startSession({ ...parts, config, ...kind }));
}

/** The same before its first `pulumi up`. */
export function preparedOrSkip(
  t: TestContext,
  name: string,
): Promise<OwnRun<Prepared> | undefined> {
  return runOrSkip(t, name, prepareSession);
}

async function runOrSkip<Kind extends Prepared>(
  t: TestContext,
  name: string,
  start: (parts: SessionParts) => Promise<Kind>,
): Promise<OwnRun<Kind> | undefined> {
  if ((await toolsOrSkip(t)) === undefined) return undefined;
  const folder = new WorkFolder(resolve(import.meta.dirname, `../../.work/e2e-${name}`));
  await removeRun(folder, () => undefined);
  let run: Kind | undefined;
  t.after(async () => {
    try {
      // Tasks say good-bye to ClearML at an address that goes with the cluster.
      await run?.stop();
    } finally {
      await removeRun(folder, () => undefined);
    }
  });
  run = await start({
    options: UNATTENDED,
    folder,
    progress: linesOf(t),
    signal: new AbortController().signal,
  });
  return { ...run, folder };
}
