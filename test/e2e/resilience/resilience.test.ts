/** Two replicas on a real cluster under steady load, and what happens to them. */
import { test } from 'node:test';

import { PROJECT } from '../../lab/run/stack_config.ts';
import { sessionOrSkip } from '../session_or_skip.ts';
import { apiServerAway } from './api_server_away.ts';
import { clearmlAway, HANGING, REFUSED } from './clearml_away.ts';
import { endpointTokens, makeShortToken } from './endpoint_tokens.ts';
import { evicted } from './evicted.ts';
import { leaderHangs, leaderKilled } from './leader_lost.ts';
import { peers } from './peers.ts';
import { rights } from './rights.ts';
import { rolled } from './rolled.ts';
import { STACK_CONFIG, worldOf } from './world.ts';

test('two replicas under load', async (t) => {
  const config = Object.fromEntries(
    Object.entries(STACK_CONFIG).map(([path, value]) => [`${PROJECT}:${path}`, { value }]),
  );
  const session = await sessionOrSkip(t, 'resilience', config);
  if (session === undefined) return;
  const world = await worldOf(session, session.folder);
  const shortToken = await makeShortToken(world);

  await t.test('they find and tell each other', () => peers(world));
  await t.test('the leader is killed', (t) => leaderKilled(t, world));
  await t.test('the leader hangs', (t) => leaderHangs(t, world));
  await t.test('a pod is evicted', (t) => evicted(t, world));
  await t.test('the Deployment is rolled', (t) => rolled(t, world));
  await t.test('endpoint tokens', (t) => endpointTokens(t, world, shortToken));
  await t.test('the Kubernetes API hangs', (t) => apiServerAway(t, world));
  await t.test('the rights of the service account', () => rights(world));
  for (const absence of [HANGING, REFUSED]) {
    await t.test(`ClearML ${absence.title}`, (t) => clearmlAway(t, world, absence));
  }
});
