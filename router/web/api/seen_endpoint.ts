import { seesByRole } from '../../auth/access/roles.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Known, Viewer } from '../../auth/gate/viewer.ts';
import { ENDPOINT_ID, type EndpointId } from '../../grammar/endpoint_id.ts';
import type { Answer } from '../../pages/answer.ts';
import { nothingHere } from '../../pages/own_answers.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteSource } from '../../routes/model/table.ts';

const NO_SUCH_ENDPOINT = nothingHere(
  'There is no such endpoint, or your ClearML account may not see its task.',
);

/** The endpoint of this id, for those who are shown it; the same answer for what they are not shown and for what is not there. */
export async function seenEndpoint(
  { routes, viewer }: { readonly routes: RouteSource; readonly viewer: Viewer },
  known: Known,
  id: EndpointId,
): Promise<Endpoint | Answer | Denied> {
  if (!ENDPOINT_ID.test(id)) return NO_SUCH_ENDPOINT;
  const endpoint = routes.current().endpoints.get(id);
  if (endpoint !== undefined && seesByRole(known.identity, endpoint)) return endpoint;
  const seen = await viewer.sees(known, id);
  if (typeof seen !== 'boolean') return seen;
  return seen && endpoint !== undefined ? endpoint : NO_SUCH_ENDPOINT;
}
