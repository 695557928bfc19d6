/** Notices another router that undoes this one's answers, so that the two do not write against each other for ever. */
export interface Fights {
  /**
   * Whether to write this task's answers.
   *
   * @param runtime what stands in the task: `router_name` is the name of whoever answered last.
   */
  readonly mayAnswer: (taskId: string, runtime: ReadonlyMap<string, string>) => boolean;
  /** Answers of ours were accepted by the server. */
  readonly answered: (taskId: string, values: Readonly<Record<string, string>>) => void;
  /** Forgets tasks that are not routed any more. */
  readonly retain: (taskIds: { readonly has: (id: string) => boolean }) => void;
  readonly problems: () => readonly string[];
}

/** After this many undone answers a router gives way. */
const MOST_UNDONE = 2;
/** A router that gave way tries again after this time: the other may have been set right. Milliseconds. */
const TRUCE = 600_000;
/** Problems are told for this many tasks; a mistake in LISTEN_QUEUE_NAME concerns thousands alike. */
const MOST_TOLD = 5;

interface Fight {
  readonly undone: number;
  /** An answer of ours stands, or stood until the other wrote. */
  readonly answered: boolean;
  /** How the other is told from this one. */
  readonly other: string | undefined;
  /** What was written last, by key. */
  readonly written: Readonly<Record<string, string>>;
  readonly truceUntil: number;
}

const PEACE: Fight = {
  undone: 0,
  answered: false,
  other: undefined,
  written: {},
  truceUntil: 0,
};

/** Keys that no task writes, and what of their values is the same in all answers of one router. */
function placeOf(key: string, value: string): string | undefined {
  if (/^(browser_)?endpoint(__|$)/.test(key)) return /^https?:\/\/[^/]*/.exec(value)?.[0];
  if (/^router_tcp_answer(__|$)/.test(key)) return value.slice(0, value.lastIndexOf(':'));
  return undefined;
}

/** Where another router of this very name leads: its answer stands where this one wrote its own. */
function namesakePlace(
  written: Fight['written'],
  runtime: ReadonlyMap<string, string>,
): string | undefined {
  for (const [key, ours] of Object.entries(written)) {
    const place = placeOf(key, runtime.get(key) ?? '');
    if (place !== undefined && place !== placeOf(key, ours)) return place;
  }
  return undefined;
}

export function createFights(
  routerName: string,
  now: () => number = () => performance.now(),
): Fights {
  const fights = new Map<string, Fight>();

  const otherThan = (
    { written }: Fight,
    runtime: ReadonlyMap<string, string>,
  ): string | undefined => {
    const marker = runtime.get('router_name');
    if (marker === undefined) return undefined;
    if (marker !== routerName) return `the router "${marker}"`;
    const place = namesakePlace(written, runtime);
    return place === undefined
      ? undefined
      : `another router of the same name, which answers with ${place},`;
  };

  return {
    mayAnswer: (taskId, runtime) => {
      const fight = fights.get(taskId) ?? PEACE;
      const other = otherThan(fight, runtime);
      if (other === undefined) return true;
      if (fight.undone >= MOST_UNDONE && now() < fight.truceUntil) return false;
      // Somebody else's answer over none of ours: a router of another name was here before this one.
      if (!fight.answered) return true;
      const undone = fight.undone >= MOST_UNDONE ? MOST_UNDONE : fight.undone + 1;
      const truceUntil = now() + TRUCE;
      fights.set(taskId, { ...fight, undone, answered: false, other, truceUntil });
      return undone < MOST_UNDONE;
    },
    answered: (taskId, values) => {
      const fight = fights.get(taskId) ?? PEACE;
      const written = { ...fight.written, ...values };
      fights.set(taskId, { ...fight, answered: true, written });
    },
    retain: (taskIds) => {
      for (const id of fights.keys()) if (!taskIds.has(id)) fights.delete(id);
    },
    problems: () => {
      const lost = [...fights].filter(
        ([, { undone, truceUntil }]) => undone >= MOST_UNDONE && now() < truceUntil,
      );
      const told = lost
        .slice(0, MOST_TOLD)
        .map(
          ([id, { other }]) =>
            `task ${id}: ${other} undoes the answers of this router "${routerName}"; give each its own ROUTER_NAME, and the two different queues in LISTEN_QUEUE_NAME`,
        );
      const more = lost.length - told.length;
      return more > 0 ? [...told, `… and the same for ${more} more tasks`] : told;
    },
  };
}
