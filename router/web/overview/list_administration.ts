import { isFailing, type ActivityView, type Way } from '../../activity/activity.ts';
import type { RouteTable } from '../../routes/model/table.ts';
import type { ListedAdministration } from './listing.ts';
import type { Sources } from './sources.ts';
import { instant } from '../parts/times.ts';

/** What concerns the router itself. */
export function listAdministration(sources: Sources): ListedAdministration {
  const { table, state, places, replica } = sources;
  const { lastFailure } = state;
  return {
    replica: {
      name: replica.name,
      startedAt: instant(replica.startedAt),
      leads: state.leader,
    },
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

function counts(
  { endpoints }: RouteTable,
  way: Way,
  activity: ActivityView,
): ListedAdministration['routes'][Way] {
  const found = { open: 0, failing: 0, waiting: 0, refused: 0 };
  for (const endpoint of endpoints.values()) {
    const state = endpoint[way]?.state;
    if (state === undefined) continue;
    found[state === 'open' && isFailing(activity(endpoint.id, way)) ? 'failing' : state] += 1;
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
