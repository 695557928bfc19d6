import { serviceKey } from '../asks/address.ts';
import { byClaim, toClaim, type Claim, type GrantRules, type Grants } from './grants.ts';
import type { Protocol } from '../asks/stamp.ts';
import { byStart, type EndpointDraft, type TaskDraft } from '../asks/draft.ts';
import type { OpenRoute, Route, Task } from '../model/endpoint.ts';
import type { StaticRouteRule } from '../static/static_routes.ts';

/** An endpoint after what two tasks cannot both have was settled. */
export interface SettledEndpoint {
  readonly draft: EndpointDraft;
  readonly task: Task;
  readonly http: Route | undefined;
  readonly tcp: Route | undefined;
}

/** One running task, its endpoints settled. */
export interface SettledTask {
  readonly draft: TaskDraft;
  readonly endpoints: readonly SettledEndpoint[];
}

export interface ClashRules extends Pick<GrantRules, 'steady'> {
  /** What was granted at the last assembly. */
  readonly granted: Grants;
  readonly staticRules: readonly StaticRouteRule[];
  /** Whether this task may serve a static route. */
  readonly mayServe: (rule: StaticRouteRule, task: Task) => boolean;
}

/** Who has an upstream or a static route, by the ids of tasks; filled in the order of claims. */
interface Taken {
  readonly upstreams: Map<string, string>;
  readonly staticRules: ReadonlyMap<string, StaticRouteRule>;
  readonly staticOwners: Map<string, string>;
  readonly mayServe: ClashRules['mayServe'];
}

function takeUpstream(route: OpenRoute, taskId: string, taken: Taken): Route {
  const { address, port } = route.upstream;
  const key = serviceKey(address, port);
  const owner = taken.upstreams.get(key);
  if (owner === undefined) taken.upstreams.set(key, taskId);
  if (owner === undefined || owner === taskId) return route;
  // The other task is not named: who reads this may not be allowed to see it. The log names whose the address is.
  const reason = `${address} port ${port} already belongs to another task, which was there first`;
  return { state: 'refused', reason };
}

/** Why this task may not serve the static route; undefined when it may. */
function staticRefusal(name: string, task: Task, taken: Taken): string | undefined {
  const rule = taken.staticRules.get(name);
  if (rule === undefined) return 'the static route that it asks for is not known to this router';
  if (!rule.enabled) return `the static route "${name}" is disabled`;
  if (!taken.mayServe(rule, task)) {
    if (rule.owners === undefined) {
      return `the static route "${name}" names no owners, which it has to where an endpoint is for its owner alone`;
    }
    return `the static route "${name}" is not served by this task's user or queue: its owners are named in the route`;
  }
  const owner = taken.staticOwners.get(name);
  if (rule.loadBalanced || owner === undefined) return undefined;
  return `the static route "${name}" is not load balanced, and another task serves it, which was there first`;
}

type RouteDraft = NonNullable<EndpointDraft[Protocol]>;

/** The claim of one open route, as its task alone made it. */
interface RouteClaim extends Claim {
  readonly draft: RouteDraft;
  readonly route: OpenRoute;
  readonly staticRoute: string | undefined;
}

function settle({ route, staticRoute, task: { task } }: RouteClaim, taken: Taken): Route {
  if (staticRoute === undefined) return takeUpstream(route, task.id, taken);
  const reason = staticRefusal(staticRoute, task, taken);
  if (reason !== undefined) return { state: 'refused', reason };
  const settled = takeUpstream(route, task.id, taken);
  if (settled.state === 'open') taken.staticOwners.set(staticRoute, task.id);
  return settled;
}

function unclaimed(draft: RouteDraft): Route {
  return draft.state === 'refused'
    ? { state: 'refused', reason: draft.reason }
    : { state: 'waiting' };
}

/**
 * Settles what two tasks cannot both have: an address and port, a static route that is not load balanced. Who has it already keeps
 * it (see byClaim). The result is in the order in which the tasks started.
 */
export function settleClashes(
  drafts: Iterable<TaskDraft>,
  rules: ClashRules,
): readonly SettledTask[] {
  const taken: Taken = {
    upstreams: new Map(),
    staticRules: new Map(rules.staticRules.map((rule) => [rule.name, rule])),
    staticOwners: new Map(),
    mayServe: rules.mayServe,
  };
  const tasks = [...drafts].toSorted((a, b) => byStart(a.task, b.task));
  const claims: RouteClaim[] = [];
  for (const task of tasks) {
    for (const { id, ...routes } of task.endpoints) {
      for (const protocol of ['http', 'tcp'] as const) {
        const draft = routes[protocol];
        if (draft?.state !== 'open') continue;
        const staticRoute = 'staticRoute' in draft ? draft.staticRoute : undefined;
        const { upstream, stamp } = draft;
        const asked = { upstream, staticRoute: staticRoute ?? '' };
        const claim = toClaim(task, asked, rules.granted.get(id)?.[protocol], stamp);
        claims.push({ ...claim, draft, staticRoute, route: { state: 'open', upstream } });
      }
    }
  }
  const settled = new Map<RouteDraft, Route>();
  for (const claim of claims.toSorted(byClaim(rules))) {
    settled.set(claim.draft, settle(claim, taken));
  }
  const routeOf = (draft: RouteDraft | undefined): Route | undefined =>
    draft && (settled.get(draft) ?? unclaimed(draft));
  return tasks.map((draft) => ({
    draft,
    endpoints: draft.endpoints.map((endpoint) => ({
      draft: endpoint,
      task: draft.task,
      http: routeOf(endpoint.http),
      tcp: routeOf(endpoint.tcp),
    })),
  }));
}
