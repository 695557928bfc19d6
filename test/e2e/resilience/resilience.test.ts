/** Two replicas on a real cluster under steady load, and what happens to them. */
import { resolve } from 'node:path';
import { test } from 'node:test';

import { PROJECT } from '../../lab/run/stack_config.ts';
import { startSession } from '../../lab/run/session.ts';
import { removeRun } from '../../lab/run/teardown.ts';
import { WorkFolder } from '../../lab/run/work_folder.ts';
import { toolsOrSkip } from '../availability.ts';
import { linesOf } from '../progress_lines.ts';
import { clearmlAway, HANGING, REFUSED } from './clearml_away.ts';
import { endpointTokens, makeShortToken } from './endpoint_tokens.ts';
import { evicted } from './evicted.ts';
import { leaderHangs, leaderKilled } from './leader_lost.ts';
import { rights } from './rights.ts';
import { rolled } from './rolled.ts';
import { STACK_CONFIG, worldOf } from './world.ts';

const folder = new WorkFolder(resolve(import.meta.dirname, '../../../.work/e2e-resilience'));

test('two replicas under load', async (t) => {
  if ((await toolsOrSkip(t)) === undefined) return;
  await removeRun(folder, () => undefined);
  t.after(() => removeRun(folder, () => undefined));
  const session = await startSession({
    options: { context: undefined, address: undefined, once: true, noInstall: true },
    folder,
    progress: linesOf(t),
    signal: new AbortController().signal,
    config: Object.fromEntries(
      Object.entries(STACK_CONFIG).map(([path, value]) => [`${PROJECT}:${path}`, { value }]),
    ),
  });
  t.after(() => session.stop());
  const world = await worldOf(session, folder);
  const shortToken = await makeShortToken(world);

  await t.test('the leader is killed', (t) => leaderKilled(t, world));
  await t.test('the leader hangs', (t) => leaderHangs(t, world));
  await t.test('a pod is evicted', (t) => evicted(t, world));
  await t.test('the Deployment is rolled', (t) => rolled(t, world));
  await t.test('endpoint tokens', (t) => endpointTokens(t, world, shortToken));
  await t.test('the rights of the service account', () => rights(world));
  for (const absence of [HANGING, REFUSED]) {
    await t.test(`ClearML ${absence.title}`, (t) => clearmlAway(t, world, absence));
  }
});
