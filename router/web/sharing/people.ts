import { LRUCache } from 'lru-cache';
import type { Identity } from '../../auth/identity/identity.ts';
import type { Person } from '../../auth/sharing/store.ts';
import type { ClearMl } from '../../clearml/clearml.ts';
import { idsByName } from '../../clearml/ids_by_name.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';

/** The users of one company: names by id, and ids by name, undefined for a name of several. */
interface Company {
  readonly names: ReadonlyMap<string, string>;
  readonly ids: ReadonlyMap<string, string | undefined>;
  /** Monotonic milliseconds. */
  readonly readAt: number;
}

export interface PeopleParts {
  readonly clearml: Pick<ClearMl, 'users'>;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** Users can be made and renamed. */
const KEPT_MS = 30_000;
const COMPANIES_KEPT = 100;
const MOST_TOLD = 20;
/** As many characters somebody has to know of whom they look for. */
export const SHORTEST_QUERY = 2;

/** The users of the server, each company's for its own users alone: asked with the user's own token, and kept for a moment. */
export class People {
  readonly #clearml: PeopleParts['clearml'];
  readonly #now: () => number;
  readonly #companies = new LRUCache<string, Company>({ max: COMPANIES_KEPT });
  readonly #underWay = new Map<string, Promise<Company | undefined>>();

  constructor({ clearml, now = () => performance.now() }: PeopleParts) {
    this.#clearml = clearml;
    this.#now = now;
  }

  /** Those whose name holds this text, or whose id begins with it, by name; undefined while ClearML does not answer. */
  async find(identity: Identity, query: string): Promise<readonly Person[] | undefined> {
    const company = await this.#companyOf(identity);
    if (company === undefined) return undefined;
    const wanted = query.toLowerCase();
    return [...company.names]
      .filter(([id, name]) => name.toLowerCase().includes(wanted) || id.startsWith(wanted))
      .map(([id, name]) => ({ id, name: excerpt(name) }))
      .toSorted((one, other) => one.name.localeCompare(other.name) || (one.id < other.id ? -1 : 1))
      .slice(0, MOST_TOLD);
  }

  /**
   * Who is meant by these ids and names; a text that says which of them nobody has, or several. The user themself is left out.
   * Undefined while ClearML does not answer.
   */
  async named(
    identity: Identity,
    wanted: readonly string[],
  ): Promise<readonly Person[] | { readonly problem: string } | undefined> {
    const company = await this.#companyOf(identity);
    if (company === undefined) return undefined;
    const { names, ids } = company;
    const found = new Map<string, Person>();
    for (const text of wanted) {
      const id = names.has(text) ? text : ids.get(text);
      if (id === undefined) {
        return {
          problem: ids.has(text)
            ? `Several users are called "${excerpt(text)}": name the id.`
            : `ClearML has no user of the name or id "${excerpt(text)}".`,
        };
      }
      if (id !== identity.userId) found.set(id, { id, name: excerpt(names.get(id) ?? id) });
    }
    if (found.size === 0) return { problem: 'What is yours is open to you: name somebody else.' };
    return [...found.values()];
  }

  async #companyOf(identity: Identity): Promise<Company | undefined> {
    const { companyId } = identity;
    const kept = this.#companies.get(companyId);
    if (kept !== undefined && this.#now() < kept.readAt + KEPT_MS) return kept;
    let reading = this.#underWay.get(companyId);
    if (reading === undefined) {
      reading = this.#read(identity).finally(() => this.#underWay.delete(companyId));
      this.#underWay.set(companyId, reading);
    }
    return (await reading) ?? kept;
  }

  async #read({ token, companyId }: Identity): Promise<Company | undefined> {
    const readAt = this.#now();
    try {
      const names = await this.#clearml.users(token);
      const company = { names, ids: idsByName(names), readAt };
      this.#companies.set(companyId, company);
      return company;
    } catch {
      return undefined;
    }
  }
}
