/** Notices another router that undoes this one's answers, so that the two do not write against each other for ever. */
export interface Fights {
  /**
   * Whether to write this task's answers.
   *
   * @param marker ROUTER_NAME that stands in the task's runtime; undefined where there is none.
   */
  readonly mayAnswer: (taskId: string, marker: string | undefined) => boolean;
  /** An answer of ours was accepted by the server. */
  readonly answered: (taskId: string) => void;
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
  readonly other: string | undefined;
  readonly truceUntil: number;
}

const PEACE: Fight = { undone: 0, answered: false, other: undefined, truceUntil: 0 };

export function createFights(
  routerName: string,
  now: () => number = () => performance.now(),
): Fights {
  const fights = new Map<string, Fight>();

  return {
    mayAnswer: (taskId, marker) => {
      const fight = fights.get(taskId) ?? PEACE;
      if (marker === undefined || marker === routerName) return true;
      if (fight.undone >= MOST_UNDONE && now() < fight.truceUntil) return false;
      // Somebody else's answer over none of ours: a router of another name was here before this one.
      if (!fight.answered) return true;
      const undone = fight.undone >= MOST_UNDONE ? MOST_UNDONE : fight.undone + 1;
      fights.set(taskId, { undone, answered: false, other: marker, truceUntil: now() + TRUCE });
      return undone < MOST_UNDONE;
    },
    answered: (taskId) => {
      fights.set(taskId, { ...(fights.get(taskId) ?? PEACE), answered: true });
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
            `task ${id}: the router "${other}" undoes the answers of this router "${routerName}"; give the two different queues in LISTEN_QUEUE_NAME`,
        );
      const more = lost.length - told.length;
      return more > 0 ? [...told, `… and the same for ${more} more tasks`] : told;
    },
  };
}
