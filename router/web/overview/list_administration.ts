import { narrower } from '../../grammar/access_level.ts';
import { healthState, type ActivityView } from '../../activity/health.ts';
import type { Way } from '../../activity/way.ts';
import type { RouteTable } from '../../routes/model/table.ts';
import { VERSION } from '../../version.ts';
import { listOthers } from './list_replicas.ts';
import type { ListedAdministration } from './listing.ts';
import type { Sources } from './sources.ts';
import { instant } from '../parts/times.ts';

/** What concerns the router itself. */
export function listAdministration(sources: Sources): ListedAdministration {
  const { table, state, places, replica } = sources;
  const { lastFailure } = state;
  return {
    access: listDefault(sources),
    replica: {
      name: replica.name,
      version: VERSION,
      startedAt: instant(replica.startedAt),
      leads: state.leader,
    },
    others: listOthers(sources.peers?.state()),
    connections: sources.connections ?? null,
    leader: state.holder ?? null,
    clearml: {
      confirmedAt: instant(table.confirmedAt),
      error: state.lastError ?? null,
      lastFailure:
        lastFailure === undefined
          ? null
          : { at: instant(lastFailure.at), message: lastFailure.message },
    },
    routes: {
      http: counts(table, 'http', sources.activity),
      tcp: counts(table, 'tcp', sources.activity),
    },
    ports: listPorts(table, state.portsLeft, places.tcpRange),
    problems: [...new Set([...state.problems, ...table.problems])],
  };
}

/** `owner` and `people` keep out nobody who can have their own task lead to the address of another's. */
function listDefault({ levels, ownAddresses, widest }: Sources): ListedAdministration['access'] {
  if (levels === undefined) return null;
  const { level, decidedBy } = levels.byDefault;
  const now = narrower(widest, level());
  return { default: now, decidedBy, widest, holds: now === 'visible' || ownAddresses };
}

function counts(
  { endpoints }: RouteTable,
  way: Way,
  activity: ActivityView,
): ListedAdministration['routes'][Way] {
  const found = { open: 0, untried: 0, failing: 0, waiting: 0, refused: 0 };
  for (const endpoint of endpoints.values()) {
    const state = endpoint[way]?.state;
    if (state === undefined) continue;
    const health = state === 'open' ? healthState(activity(endpoint.id, way)) : undefined;
    found[health === 'not_answering' ? 'failing' : state] += 1;
    if (health === 'unknown') found.untried += 1;
  }
  return found;
}

function listPorts(
  { ports }: RouteTable,
  left: number | undefined,
  range: Sources['places']['tcpRange'],
): ListedAdministration['ports'] {
  if (left === undefined || range === undefined) return null;
  return { ...range, used: ports.size, left };
}
