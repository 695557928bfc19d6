/** Three tasks of one route on a real cluster, under steady load by two replicas, and what happens to them. */
import { test } from 'node:test';

import { STACK_CONFIG, worldOf } from '../e2e/resilience/world.ts';
import { sessionOrSkip } from '../e2e/session_or_skip.ts';
import { PROJECT } from '../lab/run/stack_config.ts';
import { balanced, BALANCED_ROUTE } from './balanced/faults.ts';

const ROUTE = 'router.staticRoutes[0]';
const CONFIG = {
  ...STACK_CONFIG,
  // A busy machine is no reason to turn requests away here. A text, which Pulumi would make a number of without the point.
  'pod.env.OVERLOAD_DELAY_SECONDS': '60.0',
  [`${ROUTE}.name`]: BALANCED_ROUTE,
  [`${ROUTE}.type`]: 'path',
  [`${ROUTE}.path`]: BALANCED_ROUTE,
  [`${ROUTE}.load_balancer.enabled`]: 'true',
};

test('three tasks of one route', async (t) => {
  const config = Object.fromEntries(
    Object.entries(CONFIG).map(([path, value]) => [`${PROJECT}:${path}`, { value }]),
  );
  const session = await sessionOrSkip(t, 'balanced', config);
  if (session === undefined) return;
  await balanced(t, await worldOf(session, session.folder));
});
