import type { Known, Viewer } from '../../auth/gate/viewer.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { endpointLabel } from './endpoint_row.ts';

export interface EndpointNamesParts {
  readonly viewer: Pick<Viewer, 'visible'>;
  readonly routes: RouteSource;
}

/** What endpoints are called, as far as somebody may see them now; by their ids. */
export async function namesOfVisible(
  { viewer, routes }: EndpointNamesParts,
  known: Known,
  ids: readonly EndpointId[],
): Promise<ReadonlyMap<EndpointId, string>> {
  const { endpoints } = routes.current();
  const visible = await viewer.visible(known, ids);
  const names = new Map<EndpointId, string>();
  for (const id of 'outcome' in visible ? [] : visible) {
    const endpoint = endpoints.get(id);
    if (endpoint !== undefined) names.set(id, endpointLabel(endpoint.task, endpoint.name));
  }
  return names;
}
