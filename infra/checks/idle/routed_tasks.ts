import { z } from 'zod';

/** Silent replicas that one sentence names. */
const MOST_NAMED = 5;

const instant = z.string().nullable();
const way = z.looseObject({ state: z.string() }).nullable();

/** The part of the router's own list that tells when tasks were used. */
export const LIST = z.looseObject({
  stale: z.boolean(),
  replicas: z
    .looseObject({ found: z.number(), silent: z.number(), all: z.boolean() })
    .nullable()
    .default(null),
  endpoints: z.array(
    z.looseObject({
      name: z.string().nullable(),
      task: z.looseObject({
        id: z.string(),
        name: z.string(),
        type: z.string(),
        project: z.string().nullable(),
        owner: z.string(),
        queue: z.string().nullable(),
        startedAt: instant,
      }),
      lastUsedAt: instant,
      // A router of before 0.3 counts nobody's idle time.
      idle: z.looseObject({ since: instant, stopsAt: instant }).nullable().default(null),
      http: way,
      tcp: way,
    }),
  ),
  administration: z
    .looseObject({
      replica: z.looseObject({ startedAt: instant }),
      others: z
        .looseObject({
          listed: z.array(
            z.looseObject({
              address: z.string(),
              name: z.string().nullable(),
              startedAt: instant,
              reason: z.string().nullable(),
            }),
          ),
          problem: z.string().nullable(),
        })
        .nullable()
        .default(null),
    })
    .nullable(),
});

export type RouterList = z.output<typeof LIST>;
type Listed = RouterList['endpoints'][number];

/** A task that is routed. Times are milliseconds since the epoch. */
export interface RoutedTask extends Readonly<Listed['task']> {
  /** Null is the one without a name. */
  readonly endpoints: readonly (string | null)[];
  /** The last use of any of them that the router knows of. */
  readonly usedAt: number | undefined;
  /** Since when the router itself counts it as idle, and when it stops it. */
  readonly counted: { readonly since: number; readonly stopsAt: number | undefined } | undefined;
  /** Whether a way into it is open: else nothing stops it. */
  readonly isOpen: boolean;
}

function time(text: string | null): number | undefined {
  const milliseconds = text === null ? NaN : Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

function newest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** The tasks behind all endpoints, in the list's order. */
export function routedTasks({ endpoints }: RouterList): readonly RoutedTask[] {
  const byTask = Map.groupBy(endpoints, ({ task }) => task.id);
  return [...byTask.values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined) return [];
    const { idle, task } = first;
    const since = time(idle?.since ?? null);
    return [
      {
        ...task,
        endpoints: all.map(({ name }) => name),
        usedAt: newest(all.map(({ lastUsedAt }) => time(lastUsedAt))),
        counted: since === undefined ? undefined : { since, stopsAt: time(idle?.stopsAt ?? null) },
        isOpen: all.some(({ http, tcp }) => isOpenWay(http) || isOpenWay(tcp)),
      },
    ];
  });
}

function isOpenWay(of: Listed['http']): boolean {
  return of?.state === 'open' || of?.state === 'failing';
}

/**
 * Since when replicas have seen what is used: of a task that none of them saw used nobody knows of before. Undefined where they are not
 * told.
 */
export function seenSince({ administration }: RouterList): number | undefined {
  if (administration === null) return undefined;
  const { others, replica } = administration;
  const starts = [replica, ...(others?.listed ?? [])].flatMap(
    ({ startedAt }) => time(startedAt) ?? [],
  );
  return starts.length === 0 ? undefined : Math.min(...starts);
}

/**
 * Why tasks may have been used although the list says nothing of it, a sentence each: what a replica saw that is silent nobody knows.
 *
 * @param mayBeSeveral whether the router may have replicas beside the one that answers.
 */
export function unknownUse(list: RouterList, mayBeSeveral: boolean): readonly string[] {
  const { administration, replicas, stale } = list;
  const said = stale
    ? ['The router tells what it knew when ClearML last answered it: the list is stale.']
    : [];
  if (replicas === null) {
    return mayBeSeveral
      ? [...said, 'The replica that answered asks no others: what they saw is not known.']
      : said;
  }
  const { found, silent } = replicas;
  if (silent > 0) {
    said.push(`${silent} of ${found} replicas do not tell what they saw${reasons(list)}.`);
  }
  if (!replicas.all) {
    const problem = administration?.others?.problem ?? '';
    said.push(`There may be replicas that were not found${problem === '' ? '' : `: ${problem}`}.`);
  }
  return said;
}

function reasons({ administration }: RouterList): string {
  const silent = (administration?.others?.listed ?? []).filter(({ reason }) => reason !== null);
  const told = silent
    .slice(0, MOST_NAMED)
    .map(({ address, name, reason }) => `${name ?? address}: ${reason}`);
  return told.length === 0 ? '' : ` (${told.join('; ')})`;
}
