import { serviceKey } from './address.ts';
import { byStart, type EndpointDraft, type TaskDraft } from './draft.ts';
import type { Lane, Task } from './endpoint.ts';
import type { StaticRouteRule } from './static_routes.ts';

/** An endpoint after what two tasks cannot both have was settled. */
export interface SettledEndpoint {
  readonly draft: EndpointDraft;
  readonly task: Task;
  readonly http: Lane | undefined;
  readonly tcp: Lane | undefined;
}

/** One running task, its endpoints settled. */
export interface SettledTask {
  readonly draft: TaskDraft;
  readonly endpoints: readonly SettledEndpoint[];
}

/** Who has an upstream or a static route; filled in the order in which tasks started. */
interface Claims {
  readonly upstreams: Map<string, string>;
  readonly staticRules: ReadonlyMap<string, StaticRouteRule>;
  readonly staticOwners: Map<string, string>;
}

function claimUpstream(lane: Lane, taskId: string, claims: Claims): Lane {
  if (lane.state !== 'open') return lane;
  const { address, port } = lane.upstream;
  const key = serviceKey(address, port);
  const owner = claims.upstreams.get(key);
  if (owner === undefined) claims.upstreams.set(key, taskId);
  if (owner === undefined || owner === taskId) return lane;
  // The other task is not named: who reads this may not be allowed to see it. The log names whose the address is.
  const reason = `${address} port ${port} already belongs to another task, which started first`;
  return { state: 'refused', reason };
}

/** Why this task may not serve the static route; undefined when it may. */
function staticRefusal(name: string, claims: Claims): string | undefined {
  const rule = claims.staticRules.get(name);
  if (rule === undefined) return 'the static route that it asks for is not known to this router';
  if (!rule.enabled) return `the static route "${name}" is disabled`;
  const owner = claims.staticOwners.get(name);
  if (rule.loadBalanced || owner === undefined) return undefined;
  return `the static route "${name}" is not load balanced, and another task serves it, which started first`;
}

function settleHttp(draft: EndpointDraft, taskId: string, claims: Claims): Lane | undefined {
  if (draft.http === undefined) return undefined;
  const { staticRoute, ...lane } = draft.http;
  if (staticRoute === undefined) return claimUpstream(lane, taskId, claims);
  if (lane.state !== 'open') return lane;
  const reason = staticRefusal(staticRoute, claims);
  if (reason !== undefined) return { state: 'refused', reason };
  const settled = claimUpstream(lane, taskId, claims);
  if (settled.state === 'open') claims.staticOwners.set(staticRoute, taskId);
  return settled;
}

function settleTcp(draft: EndpointDraft, taskId: string, claims: Claims): Lane | undefined {
  if (draft.tcp === undefined) return undefined;
  const { answeredPort: _, proxyHeader: __, ...lane } = draft.tcp;
  return claimUpstream(lane, taskId, claims);
}

/**
 * Settles what two tasks cannot both have: an address and port, a static route that is not load balanced. The task that started
 * first has it. The result is in that order.
 */
export function settleClashes(
  drafts: Iterable<TaskDraft>,
  staticRules: readonly StaticRouteRule[],
): readonly SettledTask[] {
  const claims: Claims = {
    upstreams: new Map(),
    staticRules: new Map(staticRules.map((rule) => [rule.name, rule])),
    staticOwners: new Map(),
  };
  return [...drafts]
    .toSorted((a, b) => byStart(a.task, b.task))
    .map((task) => ({
      draft: task,
      endpoints: task.endpoints.map((draft) => ({
        draft,
        task: task.task,
        http: settleHttp(draft, task.task.id, claims),
        tcp: settleTcp(draft, task.task.id, claims),
      })),
    }));
}
