import type { Endpoint, Task } from '../../routes/model/endpoint.ts';
import type { Identity } from '../identity/identity.ts';
import { isOwners } from '../identity/owner.ts';
import type { EndpointId } from '../../grammar/endpoint_id.ts';
import { isLink, type Grant } from './store.ts';

/** What one owner gave of one endpoint or project, all grants together. */
interface Gift {
  readonly ownerId: string;
  readonly companyId: string;
  everybody: boolean;
  /** Until when each of them may: milliseconds since the epoch, or without an end. */
  readonly people: Map<string, number>;
}

/** What stands, made for look-ups: nothing is allocated for one. */
export interface Gifts {
  readonly byEndpoint: ReadonlyMap<EndpointId, readonly Gift[]>;
  /** By owner, then by the project's name. */
  readonly byProject: ReadonlyMap<string, ReadonlyMap<string, readonly Gift[]>>;
}

export function giftsOf(grants: readonly Grant[]): Gifts {
  const byEndpoint = new Map<EndpointId, Gift[]>();
  const byProject = new Map<string, Map<string, Gift[]>>();
  for (const grant of grants) {
    const { subject, ownerId } = grant;
    if ('endpoint' in subject) {
      add(byEndpoint, subject.endpoint, grant);
      continue;
    }
    const projects = byProject.get(ownerId) ?? new Map<string, Gift[]>();
    byProject.set(ownerId, projects);
    add(projects, subject.project, grant);
  }
  return { byEndpoint, byProject };
}

function add(gifts: Map<string, Gift[]>, key: string, grant: Grant): void {
  const { ownerId, companyId, gives } = grant;
  const here = gifts.get(key) ?? [];
  gifts.set(key, here);
  let gift = here.find((one) => one.ownerId === ownerId && one.companyId === companyId);
  if (gift === undefined) {
    gift = { ownerId, companyId, everybody: false, people: new Map() };
    here.push(gift);
  }
  if ('everybody' in gives) gift.everybody = true;
  const [people, until] = isLink(grant)
    ? [grant.gives.link.redeemed, grant.gives.link.expiresAt]
    : ['people' in gives ? gives.people : [], Number.POSITIVE_INFINITY];
  for (const { id } of people) gift.people.set(id, Math.max(until, gift.people.get(id) ?? 0));
}

/** Whether a grant is of this endpoint, by the endpoint's own owner. */
export function isOfEndpoint(grant: Grant, { id, task }: Endpoint): boolean {
  if (!isOwners(grant, task)) return false;
  const { subject } = grant;
  return 'endpoint' in subject ? subject.endpoint === id : subject.project === task.projectName;
}

/** What these gifts give a user of a task; only its own owner's count, and people are of the owner's company. */
export function given(
  gifts: readonly Gift[] | undefined,
  task: Task,
  { userId, companyId }: Pick<Identity, 'userId' | 'companyId'>,
  now: () => number,
): 'people' | 'visible' | undefined {
  if (gifts === undefined) return undefined;
  for (const gift of gifts) {
    if (!isOwners(gift, task)) continue;
    const until = companyId === gift.companyId ? gift.people.get(userId) : undefined;
    if (until !== undefined && now() < until) return 'people';
    const sees = companyId === task.companyId || task.companyId === '';
    return gift.everybody && sees ? 'visible' : undefined;
  }
  return undefined;
}
