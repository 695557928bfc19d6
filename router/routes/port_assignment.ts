import type { SettledEndpoint, SettledTask } from './clashes.ts';
import type { PortPool } from './port_pool.ts';

/**
 * Hands out ports, to those who started first before the others. Everybody first gets back the port that was answered to him, so
 * that a restarted router takes no port from whom it belongs to; only then do new asks get new ones. An endpoint that asks keeps
 * its port while it waits or is refused.
 *
 * @param leading only the leader hands out new ports; a follower takes them from the leader's answers.
 */
export async function assignPorts(
  tasks: readonly SettledTask[],
  pool: PortPool,
  leading: boolean,
): Promise<void> {
  const asking = tasks.flatMap(({ endpoints }) => endpoints.filter(({ tcp }) => tcp !== undefined));
  pool.retain(new Set(asking.map(({ draft }) => draft.id)));
  for (const endpoint of asking) await takeBack(endpoint, pool, leading);
  if (!leading) return;
  for (const { draft, tcp } of asking) {
    if (tcp?.state !== 'open' || pool.held(draft.id) !== undefined) continue;
    if ((await pool.allocate(draft.id)) === undefined) return;
  }
}

async function takeBack(
  endpoint: SettledEndpoint,
  pool: PortPool,
  leading: boolean,
): Promise<void> {
  const { id, tcp } = endpoint.draft;
  const answered = tcp?.answeredPort;
  const held = pool.held(id);
  if (endpoint.tcp?.state !== 'open' || answered === undefined || held === answered) return;
  if (leading) {
    if (held === undefined) await pool.restore(id, answered);
  } else await pool.follow(id, answered);
}
