import { byStart, type TaskDraft } from '../asks/draft.ts';
import { samePlace, type Upstream } from '../model/endpoint.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { Protocol, StampContent } from '../asks/stamp.ts';

/** What one route was given: an address of its task's, a static route, a port of the range; and since when. */
export interface Grant {
  readonly upstream: Upstream;
  /** Name of the static route; empty for none. */
  readonly staticRoute: string;
  readonly port: number | undefined;
  /** Time of issue of its stamp. Undefined at a replica that serves it before the leader has stamped it. */
  readonly issued: number | undefined;
}

export type EndpointGrants = { readonly [protocol in Protocol]?: Grant | undefined };
export type Grants = ReadonlyMap<EndpointId, EndpointGrants>;

/** How grants are weighed and made. */
export interface GrantRules {
  readonly leading: boolean;
  /**
   * This process has led since its last assembly: what it granted itself counts, and no stamp against it. Otherwise the newest
   * stamps say what the leader granted, or the one before a restart.
   */
  readonly steady: boolean;
  /** The time for what is granted now. */
  readonly issue: () => number;
}

type Asked = Pick<Grant, 'upstream' | 'staticRoute'>;

/** Whether a grant is for what is asked now. */
function isGrantFor(grant: Grant | undefined, asked: Asked): grant is Grant {
  return (
    grant !== undefined &&
    grant.staticRoute === asked.staticRoute &&
    samePlace(grant.upstream, asked.upstream)
  );
}

function isStampFor(stamp: StampContent | undefined, { upstream, staticRoute }: Asked): boolean {
  return (
    stamp !== undefined &&
    stamp.staticRoute === staticRoute &&
    stamp.taskAddress === upstream.address &&
    stamp.taskPort === upstream.port
  );
}

/** One route that asks for what others may ask for, too. */
export interface Claim {
  readonly task: TaskDraft;
  /** The grant of the last assembly, if it is for what is asked now. */
  readonly held: Grant | undefined;
  /** Since when it has had what it asks for, as far as that is proved. */
  readonly issued: number | undefined;
}

export function toClaim(
  task: TaskDraft,
  asked: Asked,
  before: Grant | undefined,
  stamp: StampContent | undefined,
): Claim {
  const held = isGrantFor(before, asked) ? before : undefined;
  const stamped = isStampFor(stamp, asked) ? stamp?.issued : undefined;
  return { task, held, issued: newest(held?.issued, stamped) };
}

function newest(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.max(a, b);
}

/**
 * Who comes before whom: those who are served, in the order in which they came; then the newest stamp, since an older one of the
 * same address says what was so once; and only then the age of the task.
 */
export function byClaim({ steady }: Pick<GrantRules, 'steady'>): (a: Claim, b: Claim) => number {
  const serving = (claim: Claim): number => (claim.held === undefined ? 1 : 0);
  return (a, b) => {
    if (steady && serving(a) !== serving(b)) return serving(a) - serving(b);
    const newer = (b.issued ?? -1) - (a.issued ?? -1);
    const earlier = steady && a.held !== undefined ? -newer : newer;
    return earlier || serving(a) - serving(b) || byStart(a.task.task, b.task.task);
  };
}

/** What a route that serves is granted now; the same object as before while nothing changed. */
export function toGrant(
  asked: Asked & Pick<Grant, 'port'>,
  before: Grant | undefined,
  stamp: StampContent | undefined,
  rules: GrantRules,
): Grant {
  const kept = isGrantFor(before, asked) && before.port === asked.port ? before : undefined;
  const proved =
    !rules.steady &&
    isStampFor(stamp, asked) &&
    (asked.port === undefined || stamp?.routerPort === asked.port)
      ? stamp?.issued
      : undefined;
  const known = newest(kept?.issued, proved);
  const issued = known ?? (rules.leading ? rules.issue() : undefined);
  return kept !== undefined && kept.issued === issued ? kept : { ...asked, issued };
}
