import type { ClearMl } from '../../clearml/clearml.ts';
import { isClearmlId } from '../../grammar/endpoint_id.ts';
import type { Task } from '../model/endpoint.ts';
import { sameTexts } from '../model/same.ts';
import type { StaticRouteRule } from '../static/static_routes.ts';

/** Users and queues can be made and renamed. */
const REFRESH_EVERY_MS = 30_000;

/**
 * By name. A name that several have names none of them: somebody could have taken the name of another. Nor is an id ever a name: who
 * calls himself, or a queue, by another's is not that one.
 */
function idsByName(names: ReadonlyMap<string, string>): ReadonlyMap<string, string | undefined> {
  const ids = new Map<string, string | undefined>();
  for (const [id, name] of names) {
    if (names.has(name) || isClearmlId(name)) continue;
    ids.set(name, ids.has(name) ? undefined : id);
  }
  return ids;
}

interface Known {
  readonly names: ReadonlyMap<string, string>;
  readonly ids: ReadonlyMap<string, string | undefined>;
}

/** Whose tasks may serve which static route. */
export function createStaticOwners(clearml: Pick<ClearMl, 'queues' | 'users'>) {
  const known: { users?: Known; queues?: Known } = {};
  let askedFor: readonly StaticRouteRule[] = [];
  let due = 0;

  const learn = async (kind: 'users' | 'queues', rules: readonly StaticRouteRule[]) => {
    const named = rules.some(({ owners }) => owners !== undefined && owners[kind].length > 0);
    if (!named) return false;
    const names = await clearml[kind]();
    if (sameTexts(names, known[kind]?.names)) return false;
    known[kind] = { names, ids: idsByName(names) };
    return true;
  };

  const isNamed = (kind: 'users' | 'queues', owners: readonly string[], id: string | undefined) =>
    id !== undefined &&
    id !== '' &&
    owners.some((owner) => owner === id || known[kind]?.ids.get(owner) === id);

  return {
    /** Asks ClearML for names again when that is due. True when that may change who serves what. */
    refresh: async (rules: readonly StaticRouteRule[]): Promise<boolean> => {
      if (rules === askedFor && performance.now() < due) return false;
      const users = await learn('users', rules);
      const queues = await learn('queues', rules);
      askedFor = rules;
      due = performance.now() + REFRESH_EVERY_MS;
      return users || queues;
    },
    mayServe: ({ owners }: StaticRouteRule, { userId, queueId }: Task): boolean =>
      owners === undefined ||
      isNamed('users', owners.users, userId) ||
      isNamed('queues', owners.queues, queueId),
    problems: (): readonly string[] =>
      askedFor.flatMap(({ name, owners }) =>
        (['users', 'queues'] as const).flatMap((kind) =>
          (owners?.[kind] ?? [])
            .filter((owner) => known[kind]?.names.has(owner) !== true)
            .filter((owner) => known[kind]?.ids.get(owner) === undefined)
            .map((owner) =>
              known[kind]?.ids.has(owner) === true
                ? `the static route "${name}" names "${owner}" among its ${kind}, as several are called: name the id`
                : `the static route "${name}" names "${owner}" among its ${kind}: ClearML has none of that name or id`,
            ),
        ),
      ),
  };
}
