import type { SettledEndpoint, SettledTask } from '../claims/clashes.ts';
import type { GrantRules, Grants } from '../claims/grants.ts';
import type { Task } from '../model/endpoint.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { PortPool } from './port_pool.ts';

/** How many ports of the range may be had. */
export interface PortLimits {
  /** TCP_MAX_PORTS_PER_TASK. */
  readonly perTask: number;
  /** TCP_MAX_PORTS_PER_USER. */
  readonly perUser: number;
}

export interface PortAssignmentParts extends Pick<GrantRules, 'leading' | 'steady'> {
  readonly pool: PortPool;
  readonly limits: PortLimits;
  readonly granted: Grants;
  /** Endpoints that are to have no port: they ask for none, and lose the one that they have. */
  readonly barred: ReadonlyMap<EndpointId, string>;
  /** Endpoints that waited for a free port after the last assembly, the longest first. */
  readonly waited: ReadonlySet<EndpointId>;
}

export interface AssignedPorts {
  /** Why an endpoint gets no port. */
  readonly refusals: ReadonlyMap<EndpointId, string>;
  /** Endpoints that wait for a free port of the range, the longest first. */
  readonly portless: ReadonlySet<EndpointId>;
  /** What was answered could not be had here yet. */
  readonly unfinished: boolean;
}

const EXHAUSTED = 'every port of the TCP range is in use';

/** An endpoint and the port that it had, by this process's own word or by a stamp's. */
interface PortClaim {
  readonly endpoint: SettledEndpoint;
  readonly port: number;
  /** Undefined for an answer without a stamp. */
  readonly issued: number | undefined;
  readonly held: boolean;
}

function claimOf(
  endpoint: SettledEndpoint,
  { pool, steady, granted }: PortAssignmentParts,
): PortClaim | undefined {
  const { id, tcp } = endpoint.draft;
  const port = pool.held(id);
  const before = granted.get(id)?.tcp;
  const own =
    port === undefined
      ? undefined
      : { endpoint, port, held: true, issued: before?.port === port ? before.issued : undefined };
  const answered = endpoint.tcp?.state === 'open' ? tcp?.answeredPort : undefined;
  if (answered === undefined || (own !== undefined && steady)) return own;
  const issued = tcp?.stamp?.issued;
  const older = own !== undefined && (issued ?? 0) < (own.issued ?? 0);
  return older ? own : { endpoint, port: answered, issued, held: port === answered };
}

/** The one claim of each port that counts: who holds it, while this process leads; else the newest stamp, of which older are replays. */
function settlePorts(claims: readonly PortClaim[], steady: boolean): readonly PortClaim[] {
  const byPort = new Map<number, PortClaim>();
  const rank = ({ held, issued }: PortClaim): number =>
    held && steady ? Infinity : (issued ?? (held ? 0 : -1));
  for (const claim of claims) {
    const other = byPort.get(claim.port);
    if (other === undefined || rank(claim) > rank(other)) byPort.set(claim.port, claim);
  }
  return claims.filter((claim) => byPort.get(claim.port) === claim);
}

/** Counts ports by task and by user, and says whose count is full. A user whom the server does not tell is not counted. */
function createCounts({ perTask, perUser }: PortLimits) {
  const counts = new Map<string, number>();
  const count = (key: string): number => counts.get(key) ?? 0;
  const add = ({ id, userId }: Task, ports: 1 | -1): void => {
    for (const key of [`task ${id}`, `user ${userId}`]) counts.set(key, count(key) + ports);
  };
  return {
    refusal: ({ id, userId }: Task): string | undefined => {
      if (count(`task ${id}`) >= perTask) {
        return `the task has ${perTask} ports of the TCP range already, as many as one task may have (TCP_MAX_PORTS_PER_TASK)`;
      }
      return userId === '' || count(`user ${userId}`) < perUser
        ? undefined
        : `its user's tasks have ${perUser} ports of the TCP range already, as many as one user may have (TCP_MAX_PORTS_PER_USER)`;
    },
    add,
  };
}

/**
 * Hands out ports. Everybody first gets back the port that he had, so that a restarted router takes no port from whom it belongs to;
 * only then do new asks get new ones: those who wait for one already, and then those who started first. Where more is asked than one
 * task or user may have, whoever holds a port keeps it, and of the others those do whose ports were granted first. An endpoint that asks
 * keeps its port while it waits or is refused.
 */
export async function assignPorts(
  tasks: readonly SettledTask[],
  parts: PortAssignmentParts,
): Promise<AssignedPorts> {
  const { pool, leading, steady } = parts;
  const asking = tasks.flatMap(({ endpoints }) =>
    endpoints.filter(({ tcp, draft }) => tcp !== undefined && !parts.barred.has(draft.id)),
  );
  const counts = createCounts(parts.limits);
  const refusals = new Map<EndpointId, string>();
  const claims = asking
    .map((endpoint) => claimOf(endpoint, parts))
    .filter((one) => one !== undefined);
  // A task can write back the stamp of a port that it gave up, and that is older than what was granted to others since.
  const holdsNone = ({ endpoint }: PortClaim): number =>
    pool.held(endpoint.draft.id) === undefined ? 1 : 0;
  const firstCome = settlePorts(claims, steady).toSorted(
    (a, b) => holdsNone(a) - holdsNone(b) || (a.issued ?? Infinity) - (b.issued ?? Infinity) || 0,
  );
  const kept = firstCome.filter(({ endpoint: { draft, task } }) => {
    const reason = counts.refusal(task);
    if (reason === undefined) counts.add(task, 1);
    else refusals.set(draft.id, reason);
    return reason === undefined;
  });
  // Whoever goes to another port leaves his own first, if that is now another's.
  const wanted = new Set(kept.map(({ port }) => port));
  const staying = kept.filter(({ endpoint: { draft }, port }) => {
    const held = pool.held(draft.id);
    return held === port || held === undefined || !wanted.has(held);
  });
  pool.retain(new Set(staying.map(({ endpoint }) => endpoint.draft.id)));

  let unfinished = false;
  for (const { endpoint, port, issued } of kept) {
    const { id } = endpoint.draft;
    const restored = steady && pool.held(id) === undefined;
    if (await (restored ? pool.restore(id, port) : pool.follow(id, port, issued))) continue;
    unfinished = true;
    if (pool.held(id) === undefined) counts.add(endpoint.task, -1);
  }

  // Ports that rest count for nobody: who gives his up and asks for others again and again must not get each one that comes free.
  const places = new Map([...parts.waited].map((id, place) => [id, place]));
  const place = ({ draft }: SettledEndpoint): number => places.get(draft.id) ?? places.size;
  const portless = new Set<EndpointId>();
  for (const { draft, task, tcp } of asking.toSorted((a, b) => place(a) - place(b))) {
    const wanting = tcp?.state === 'open' && pool.held(draft.id) === undefined;
    if (!wanting || refusals.has(draft.id)) continue;
    const reason = counts.refusal(task);
    if (reason !== undefined) refusals.set(draft.id, reason);
    else if (leading) {
      if (portless.size > 0 || (await pool.allocate(draft.id)) === undefined) {
        portless.add(draft.id);
        refusals.set(draft.id, EXHAUSTED);
      } else counts.add(task, 1);
    }
  }
  return { refusals, portless, unfinished: unfinished && !leading };
}
