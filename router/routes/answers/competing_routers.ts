import { stampsIn, type StampContent, type Stamper } from '../asks/stamp.ts';
import { runtimeKey } from '../../grammar/runtime_keys.ts';

/** After this many undone answers a router gives way. */
const MOST_UNDONE = 2;
/** A router that gave way tries again after this time: the other may have been set right. */
const TRUCE_MS = 600_000;
/** Problems are told for this many tasks; a mistake in LISTEN_QUEUE_NAME concerns thousands alike. */
const MOST_TOLD = 5;

interface Contest {
  readonly undone: number;
  /** An answer of ours stands, or stood until the other wrote. */
  readonly answered: boolean;
  /** How the other is told from this one. */
  readonly other: string | undefined;
  /** What was written last, by key. */
  readonly written: Readonly<Record<string, string>>;
  readonly truceUntil: number;
}

const NO_CONTEST: Contest = {
  undone: 0,
  answered: false,
  other: undefined,
  written: {},
  truceUntil: 0,
};

/** Notices another router that undoes this one's answers, so that the two do not write against each other for ever. */
export function createCompetingRouters(routerName: string, stamper: Pick<Stamper, 'read'>) {
  const contests = new Map<string, Contest>();

  /** Another place than ours in a stamp of our own name that is no older than ours: a namesake leads there. */
  const namesakePlace = (theirs: StampContent, ours: StampContent | undefined) => {
    if (ours === undefined || theirs.issued < ours.issued) return undefined;
    return theirs.routerAddress === ours.routerAddress ? undefined : theirs.routerAddress;
  };

  const otherThan = (
    taskId: string,
    { written }: Contest,
    runtime: ReadonlyMap<string, string>,
  ): string | undefined => {
    for (const { of, key, text } of stampsIn(taskId, runtime)) {
      const marker = runtime.get(runtimeKey('router_name', of.name)) ?? routerName;
      const theirs = stamper.read(of, text, marker);
      if (theirs === undefined) continue;
      if (marker !== routerName) return `the router "${marker}"`;
      const place = namesakePlace(theirs, stamper.read(of, written[key] ?? ''));
      if (place !== undefined) {
        return `another router of the same name, which answers with ${place},`;
      }
    }
    return undefined;
  };

  const gaveWay = ({ undone, truceUntil }: Contest): boolean =>
    undone >= MOST_UNDONE && performance.now() < truceUntil;

  return {
    /**
     * Whether to write this task's answers.
     *
     * @param runtime what stands in the task. Only a valid stamp proves that another router answered there: names can be written by
     *   anybody, and a task must not be able to stop its own correction.
     */
    mayAnswer: (taskId: string, runtime: ReadonlyMap<string, string>): boolean => {
      const contest = contests.get(taskId) ?? NO_CONTEST;
      const other = otherThan(taskId, contest, runtime);
      if (other === undefined) return true;
      if (gaveWay(contest)) return false;
      // Somebody else's answer where none of ours stood: nothing of ours was undone.
      if (!contest.answered) return true;
      const undone = contest.undone >= MOST_UNDONE ? MOST_UNDONE : contest.undone + 1;
      const truceUntil = performance.now() + TRUCE_MS;
      contests.set(taskId, { ...contest, undone, answered: false, other, truceUntil });
      return undone < MOST_UNDONE;
    },
    /** Answers of ours were accepted by the server. */
    answered: (taskId: string, values: Readonly<Record<string, string>>): void => {
      const contest = contests.get(taskId) ?? NO_CONTEST;
      const written = { ...contest.written, ...values };
      contests.set(taskId, { ...contest, answered: true, written });
    },
    /** Whether this router has given way in a task. */
    gaveWayIn: (taskId: string): boolean => gaveWay(contests.get(taskId) ?? NO_CONTEST),
    /** Forgets tasks that are not routed any more. */
    retain: (taskIds: { readonly has: (id: string) => boolean }): void => {
      for (const id of contests.keys()) if (!taskIds.has(id)) contests.delete(id);
    },
    problems: (): readonly string[] => {
      const lost = [...contests].filter(([, contest]) => gaveWay(contest));
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
