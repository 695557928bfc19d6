import { randomUUID } from 'node:crypto';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import { shareOfUser } from '../../state/section_bytes.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Identity } from '../identity/identity.ts';
import { given, giftsOf, isOfEndpoint, type Gifts } from './gifts.ts';
import { GrantRecords, type GrantRecordsParts } from './grant_records.ts';
import { usesLeft } from './links.ts';
import type { Shares } from './shares.ts';
import {
  isLink,
  type Grant,
  type GrantGives,
  type GrantSubject,
  type Link,
  type LinkRecord,
} from './store.ts';

/** Which grants somebody may see or take back. */
export type GrantFilter = (grant: Grant) => boolean;

/** Why nothing was given: too much of it already, or nowhere to keep it. */
export type GiveFailure = 'too-many' | 'unavailable';

const GRANTS_PER_USER = 50;
const GRANTS_IN_ALL = 3_000;
const BYTES_PER_USER = shareOfUser('grants');

const NOTHING_GIVEN: Gifts = giftsOf([]);

/**
 * What owners gave to others. A grant counts while its record stands, genuine and not expired, and only for tasks of whoever gave
 * it. Every replica knows of a change within LOOK_EVERY_MS.
 */
export class Grants implements Shares {
  readonly #now: () => number;
  readonly #records: GrantRecords;
  readonly #listeners = new Set<() => void>();
  #standing: ReadonlyMap<string, Grant> = new Map();
  #byOwner: ReadonlyMap<string, readonly Grant[]> = new Map();
  #gifts = NOTHING_GIVEN;

  constructor(parts: GrantRecordsParts) {
    this.#now = parts.now;
    this.#records = new GrantRecords(parts, (grants) => this.#take(grants));
  }

  given(
    { id, task }: Endpoint,
    identity: Pick<Identity, 'userId' | 'companyId'>,
  ): 'people' | 'visible' | undefined {
    const { byEndpoint, byProject } = this.#gifts;
    const now = this.#now;
    const here = given(byEndpoint.get(id), task, identity, now);
    if (here === 'people' || task.projectName === undefined) return here;
    const project = byProject.get(task.userId)?.get(task.projectName);
    return given(project, task, identity, now) ?? here;
  }

  /** What this replica knows of a grant. */
  get(id: string): Grant | undefined {
    return this.#standing.get(id);
  }

  /** What the owner of an endpoint gave of it, as this replica knows it, oldest first. */
  of(endpoint: Endpoint): readonly Grant[] {
    const now = this.#now();
    return (this.#byOwner.get(endpoint.task.userId) ?? []).filter(
      (grant) =>
        isOfEndpoint(grant, endpoint) && !(isLink(grant) && grant.gives.link.expiresAt <= now),
    );
  }

  /** Called after each change, of this replica and of the others. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Reads all anew; for when the keys have changed. */
  rekeyed(): void {
    this.#records.rekeyed();
  }

  close(): void {
    this.#records.close();
  }

  async give(
    { userId, userName, companyId }: Pick<Identity, 'userId' | 'userName' | 'companyId'>,
    subject: GrantSubject,
    gives: GrantGives,
  ): Promise<Grant | GiveFailure> {
    const createdAt = this.#now();
    const grant: Grant = {
      id: randomUUID(),
      companyId,
      ownerId: userId,
      ownerName: excerpt(userName),
      subject,
      gives,
      createdAt,
      seenAt: createdAt,
    };
    let tooMany = false;
    const written = await this.#records.change((grants) => {
      const own = grants.filter((one) => isOf(one, grant));
      tooMany =
        own.length >= GRANTS_PER_USER ||
        grants.length >= GRANTS_IN_ALL ||
        !fitsShare([...own, grant]);
      return tooMany ? undefined : [...grants, grant];
    });
    if (tooMany || written === 'full') return 'too-many';
    return written === 'written' ? grant : 'unavailable';
  }

  /** Those that `concerns` says yes to, oldest first; undefined while the store cannot be reached. */
  async list(concerns: GrantFilter): Promise<readonly Grant[] | undefined> {
    return (await this.#records.read())?.filter(concerns);
  }

  /** Gives the grant that it took back; undefined where none that `concerns` says yes to has this id. */
  async revoke(concerns: GrantFilter, id: string): Promise<Grant | 'unavailable' | undefined> {
    let found: Grant | undefined;
    const written = await this.#records.change((grants) => {
      found = grants.find((one) => one.id === id && concerns(one));
      return found === undefined ? undefined : grants.filter((one) => one.id !== id);
    });
    // Where no record could be read, nobody knows whether the grant stands.
    return written === 'unavailable' || written === 'full' ? 'unavailable' : found;
  }

  /**
   * Lets a user in by a link. One use is spent for each user, whatever the number of replicas and clicks; `spent` where there is none
   * left, or no such link any more.
   */
  async redeem(
    id: string,
    { userId, userName, companyId }: Pick<Identity, 'userId' | 'userName' | 'companyId'>,
  ): Promise<'redeemed' | 'spent' | 'unavailable'> {
    const here = this.#standing.get(id);
    if (here !== undefined && here.companyId === companyId && hasLetIn(here, userId)) {
      return 'redeemed';
    }
    return this.#spend(id, (grant) => {
      if (grant.companyId !== companyId) return 'spent';
      if (hasLetIn(grant, userId)) return 'redeemed';
      const { link } = grant.gives;
      const one = { id: userId, name: excerpt(userName), at: this.#now() };
      return { ...link, redeemed: [...link.redeemed, one] };
    });
  }

  /** The same for a guest of this name: each spends a use, for nobody knows whether two are one. */
  async admitGuest(id: string, name: string): Promise<'redeemed' | 'spent' | 'unavailable'> {
    return this.#spend(id, ({ gives: { link } }) => {
      if (!link.guests) return 'spent';
      return { ...link, admitted: [...(link.admitted ?? []), { name, at: this.#now() }] };
    });
  }

  /** Writes the link that one use makes of another, if that has a use left. */
  async #spend(
    id: string,
    use: (grant: LinkRecord) => Link | 'redeemed' | 'spent',
  ): Promise<'redeemed' | 'spent' | 'unavailable'> {
    let outcome: 'redeemed' | 'spent' = 'spent';
    let full = false;
    const written = await this.#records.change((grants) => {
      outcome = 'spent';
      const grant = grants.find((one) => one.id === id);
      if (grant === undefined || !isLink(grant)) return undefined;
      const link = use(grant);
      if (typeof link === 'string') {
        outcome = link;
        return undefined;
      }
      if (usesLeft(grant.gives.link) === 0) return undefined;
      const next = { ...grant, gives: { link } };
      const after = grants.map((each) => (each === grant ? next : each));
      full = !fitsShare(after.filter((each) => isOf(each, grant)));
      if (full) return undefined;
      outcome = 'redeemed';
      return after;
    });
    return full || written === 'unavailable' || written === 'full' ? 'unavailable' : outcome;
  }

  #take(grants: readonly Grant[]): void {
    this.#standing = new Map(grants.map((grant) => [grant.id, grant]));
    this.#byOwner = Map.groupBy(grants, ({ ownerId }) => ownerId);
    this.#gifts = giftsOf(grants);
    for (const listener of this.#listeners) listener();
  }
}

/** Whether a grant is this user's, or of the same owner as another grant. */
export function isOf(
  { ownerId, companyId }: Grant,
  owner: { readonly companyId: string } & (
    { readonly userId: string } | { readonly ownerId: string }
  ),
): boolean {
  return (
    companyId === owner.companyId && ownerId === ('userId' in owner ? owner.userId : owner.ownerId)
  );
}

function hasLetIn(grant: Grant, userId: string): boolean {
  return isLink(grant) && grant.gives.link.redeemed.some(({ id }) => id === userId);
}

function fitsShare(grants: readonly Grant[]): boolean {
  return Buffer.byteLength(JSON.stringify(grants)) <= BYTES_PER_USER;
}
