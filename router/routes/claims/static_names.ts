import type { ClearMl } from '../../clearml/clearml.ts';
import { idsByName } from '../../clearml/ids_by_name.ts';
import type { Task } from '../model/endpoint.ts';
import { sameTexts } from '../model/same.ts';
import type { StaticRouteRule } from '../static/static_routes.ts';

/** Users and queues can be made and renamed. */
const REFRESH_EVERY_MS = 30_000;

interface Known {
  readonly names: ReadonlyMap<string, string>;
  readonly ids: ReadonlyMap<string, string | undefined>;
}

/** A list of names in a static route, by the key that holds it, and what those names are of. */
interface NameList {
  readonly key: 'users' | 'queues' | 'people';
  readonly kind: 'users' | 'queues';
  readonly names: readonly string[];
}

function listsOf({ owners, people = [] }: StaticRouteRule): readonly NameList[] {
  return [
    { key: 'users', kind: 'users', names: owners?.users ?? [] },
    { key: 'queues', kind: 'queues', names: owners?.queues ?? [] },
    { key: 'people', kind: 'users', names: people },
  ];
}

function ownerless({ name, enabled, owners }: StaticRouteRule): readonly string[] {
  if (!enabled || owners !== undefined) return [];
  return [
    `the static route "${name}" names no owners, and nothing serves it: whoever may edit a task could put another's endpoint behind it, which is for its owner alone; name in its owners whose tasks may serve it, or set ACCESS_DEFAULT to visible`,
  ];
}

/**
 * Whose tasks may serve which static route, and whom it lets in by name.
 *
 * @param needsOwners whether a route has to name its owners.
 */
export function createStaticNames(
  clearml: Pick<ClearMl, 'queues' | 'users'>,
  needsOwners: () => boolean = () => false,
) {
  let needed = false;
  const known: { users?: Known; queues?: Known } = {};
  let askedFor: readonly StaticRouteRule[] = [];
  let due = 0;

  const learn = async (kind: NameList['kind'], rules: readonly StaticRouteRule[]) => {
    const named = rules.some((rule) =>
      listsOf(rule).some((list) => list.kind === kind && list.names.length > 0),
    );
    if (!named) return false;
    const names = await clearml[kind]();
    if (sameTexts(names, known[kind]?.names)) return false;
    known[kind] = { names, ids: idsByName(names) };
    return true;
  };

  const isNamed = (kind: NameList['kind'], names: readonly string[], id: string | undefined) =>
    id !== undefined &&
    id !== '' &&
    names.some((name) => name === id || known[kind]?.ids.get(name) === id);

  const problemOf = (route: string, { key, kind, names }: NameList): readonly string[] =>
    names
      .filter((name) => known[kind]?.names.has(name) !== true)
      .filter((name) => known[kind]?.ids.get(name) === undefined)
      .map((name) =>
        known[kind]?.ids.has(name) === true
          ? `the static route "${route}" names "${name}" among its ${key}, as several are called: name the id`
          : `the static route "${route}" names "${name}" among its ${key}: ClearML has none of that name or id`,
      );

  return {
    /** Asks ClearML for names again when that is due. True when that may change who serves what, or who may use it. */
    refresh: async (rules: readonly StaticRouteRule[]): Promise<boolean> => {
      const before = needed;
      needed = needsOwners();
      if (rules === askedFor && performance.now() < due) return needed !== before;
      const users = await learn('users', rules);
      const queues = await learn('queues', rules);
      askedFor = rules;
      due = performance.now() + REFRESH_EVERY_MS;
      return users || queues || needed !== before;
    },
    mayServe: ({ owners }: StaticRouteRule, { userId, queueId }: Task): boolean =>
      owners === undefined
        ? !needed
        : isNamed('users', owners.users, userId) || isNamed('queues', owners.queues, queueId),
    /** The ids of those whom a route lets in by name; undefined where it names nobody. */
    people: ({ people }: StaticRouteRule): readonly string[] | undefined =>
      people?.flatMap((name) => {
        const id = known.users?.ids.get(name);
        return id === undefined ? [name] : [name, id];
      }),
    problems: (): readonly string[] =>
      askedFor.flatMap((rule) => [
        ...listsOf(rule).flatMap((list) => problemOf(rule.name, list)),
        ...(needed ? ownerless(rule) : []),
      ]),
  };
}
