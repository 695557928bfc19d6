import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { StaticRoute } from '../../routes/model/table.ts';
import { ACCEPTED, type Question } from '../access/access.ts';
import {
  questionOf,
  routeLevel,
  type EndpointRights,
  type Right,
} from '../access/endpoint_rights.ts';
import type { Identify } from '../access/identifier.ts';
import type { Credentials } from '../identity/credentials.ts';
import type { Identity } from '../identity/identity.ts';
import type { GateRequest } from '../identity/request.ts';
import { settle, type Steps } from '../identity/steps.ts';
import { isOurs, type Authorization, type Named, type Refused } from './authorize.ts';
import type { Admitted, Decision, Denied } from './decision.ts';
import type { Refusals } from './refusals.ts';

/** What the way in by a static route is decided with. */
export interface StaticParts {
  readonly rights: EndpointRights;
  readonly identify: Identify;
  readonly refusals: Refusals;
  readonly authorize: (
    request: GateRequest,
    credentials: Credentials,
    question: Question,
  ) => Steps<Authorization>;
  readonly admit: (
    request: GateRequest,
    named: Named,
    endpoint: Endpoint,
    right: Right,
  ) => Admitted;
  /** What is told to somebody of whom ClearML did not say yes. */
  readonly refuse: (request: GateRequest, credentials: Credentials, refused: Refused) => Denied;
}

/** Tasks of one static route that a user is asked about, one after the other. */
const TASKS_TRIED = 8;

/** The first of the route's tasks that the user may use; in the order in which the proxy wants them tried. */
export function* decideStatic(
  request: GateRequest,
  credentials: Credentials,
  route: StaticRoute,
  parts: StaticParts,
): Steps<Decision> {
  const { refusals, authorize, refuse, rights } = parts;
  const serving = route.enabled ? route.endpoints : [];
  if (serving.length === 0) {
    if (route.access === 'public') return refusals.missing(request, 'unknown-endpoint');
    const authorization = yield* authorize(request, credentials, ACCEPTED);
    return authorization.verdict === 'yes'
      ? refusals.missing(request, 'unknown-endpoint', authorization.identity)
      : refuse(request, credentials, authorization);
  }
  let who: Identity | undefined;
  for (const endpoint of serving.slice(0, TASKS_TRIED)) {
    const level = routeLevel(route, endpoint);
    if (level === 'public') return yield* decidePublic(request, credentials, endpoint, parts);
    const authorization = yield* authorize(request, credentials, questionOf(level, endpoint));
    if (authorization.verdict === 'yes') {
      const right = rights.ofRoute(authorization.identity, endpoint, route);
      if (right !== undefined) return parts.admit(request, authorization, endpoint, right);
    } else if (authorization.verdict !== 'no' || level === 'authenticated') {
      const open = serving.find((one) => routeLevel(route, one) === 'public');
      return open === undefined
        ? refuse(request, credentials, authorization)
        : yield* decidePublic(request, credentials, open, parts);
    }
    who = authorization.identity;
  }
  return refusals.missing(request, 'not-visible', who);
}

/** Nobody is asked who they are; still, a token of theirs must not go on to the task. */
function* decidePublic(
  request: GateRequest,
  { inAuthorization }: Credentials,
  endpoint: Endpoint,
  { identify }: Pick<StaticParts, 'identify'>,
): Steps<Decision> {
  const { target } = request;
  const stripAuthorization =
    inAuthorization !== undefined && isOurs(yield* settle(identify(inAuthorization, target)));
  return {
    outcome: 'admitted',
    endpoint,
    route: target.kind === 'static' ? target.route : undefined,
    access: 'public',
    identity: undefined,
    credential: 'none',
    stripAuthorization,
  };
}
