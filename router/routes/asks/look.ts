import { ASKING_TAG } from '../../clearml/asking_tag.ts';
import { PAGE_SIZE } from '../../clearml/client.ts';
import type { ClearMl, TaskPage, TaskQuery } from '../../clearml/clearml.ts';
import type { TaskRow, TaskStamp } from '../../clearml/task_row.ts';
import { isClearmlId } from '../../grammar/endpoint_id.ts';
import { sameTexts } from '../model/same.ts';
import { createWatermark } from './watermark.ts';

export interface LookerOptions {
  readonly clearml: Pick<ClearMl, 'tasks' | 'taskStamps'>;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: () => number;
}

/** Least time between two looks at when each task changed, in an installation of more than one page. */
const STAMPS_EVERY_MS = 10_000;
/** What those looks say is trusted for this long, then all tasks are read whole again. */
const COMPLETE_EVERY_MS = 300_000;
/** A look at all tasks that takes long on a slow server takes at most this part of the time. */
const LONG_SHARE = 0.1;
/** How far looks for changes overlap. */
const OVERLAP_MS = 5_000;
/** When nothing was changed as late as what was left behind, by this much, the server's clock was set back. */
const CLOCK_WENT_BACK_MS = 60_000;
/** No real installation has more; a server that repeats its pages without end must not fill the memory. */
const MOST_PAGES = 200;

function asks(row: TaskRow): boolean {
  return row.status === 'in_progress' && row.systemTags.includes(ASKING_TAG) && isClearmlId(row.id);
}

/**
 * Whether two readings of one task say the same, but for when it was changed and used last: tasks report, and are used, without asking
 * anything new.
 */
function sameRow(a: TaskRow, b: TaskRow): boolean {
  return (
    a.name === b.name &&
    a.type === b.type &&
    a.projectName === b.projectName &&
    a.userId === b.userId &&
    a.companyId === b.companyId &&
    a.queueId === b.queueId &&
    a.startedAt === b.startedAt &&
    sameTexts(a.runtime, b.runtime)
  );
}

interface Found<T> {
  readonly found: ReadonlyMap<string, T>;
  readonly pages: number;
  readonly unreadable: number;
}

async function allPages<T extends TaskStamp>(
  ask: (page: number) => Promise<TaskPage<T>>,
): Promise<Found<T>> {
  const found = new Map<string, T>();
  let unreadable = 0;
  for (let pages = 1; ; pages += 1) {
    const page = await ask(pages - 1);
    for (const task of page.tasks) found.set(task.id, task);
    unreadable += page.unreadable;
    if (page.last || pages === MOST_PAGES) return { found, pages, unreadable };
  }
}

function newestChange(found: ReadonlyMap<string, TaskStamp>): number | undefined {
  let newest: number | undefined;
  for (const { changedAt } of found.values()) {
    if (changedAt !== undefined && changedAt > (newest ?? 0)) newest = changedAt;
  }
  return newest;
}

/**
 * Looks at ClearML. While all tasks fit one page each look reads all of them. Beyond that a look asks for what changed, and now and
 * then for the stamps of all, which also finds tasks that were deleted or lost their tag without a trace.
 */
export function createLooker(options: LookerOptions) {
  const { clearml, now = () => performance.now() } = options;
  const rows = new Map<string, TaskRow>();
  const watermark = createWatermark(OVERLAP_MS);
  let pages = 0;
  let stampsDue = 0;
  let completeDue = 0;
  /** Entries of the last looks that could not be read. */
  let unreadable = 0;

  /** Takes one row in; true when that changes what is known. */
  const take = (row: TaskRow): boolean => {
    const before = rows.get(row.id);
    if (!asks(row)) return rows.delete(row.id);
    const same = before !== undefined && sameRow(before, row);
    // Keeps the one runtime that drafts hold, too.
    rows.set(row.id, same ? { ...before, changedAt: row.changedAt, lastUsed: row.lastUsed } : row);
    return !same;
  };

  const takeAll = (found: ReadonlyMap<string, TaskRow>): Set<string> => {
    const changed = new Set<string>();
    for (const row of found.values()) if (take(row)) changed.add(row.id);
    return changed;
  };

  const forget = (ids: readonly string[]): readonly string[] => ids.filter((id) => rows.delete(id));

  /**
   * Reads these tasks by their ids. One that the server does not have any more is gone; of one that may be among the entries that
   * cannot be read, what was known stays.
   */
  const readAgain = async (ids: readonly string[]): Promise<Set<string>> => {
    const found = new Map<string, TaskRow>();
    const gone: string[] = [];
    for (let start = 0; start < ids.length; start += PAGE_SIZE) {
      const asked = ids.slice(start, start + PAGE_SIZE);
      const page = await clearml.tasks({ ids: asked }, 0);
      for (const row of page.tasks) found.set(row.id, row);
      unreadable = Math.max(unreadable, page.unreadable);
      if (page.unreadable === 0) gone.push(...asked.filter((id) => !found.has(id)));
    }
    return new Set([...takeAll(found), ...forget(gone)]);
  };

  const finishAll = ({ found, pages: count }: Found<TaskStamp>, began: number): void => {
    pages = count;
    stampsDue = now() + Math.max(STAMPS_EVERY_MS, (now() - began) / LONG_SHARE);
    const newest = newestChange(found);
    if ((newest ?? 0) < (watermark.since() ?? 0) - CLOCK_WENT_BACK_MS) watermark.reset();
    watermark.note(newest, began);
  };

  const completeLook = async (): Promise<ReadonlySet<string>> => {
    const began = now();
    const all = await allPages((page) => clearml.tasks({ running: true }, page));
    unreadable = all.unreadable;
    // A list that moves while it is paged can leave a task out: it counts as gone only when its id is not found either.
    const missing = [...rows.keys()].filter((id) => !all.found.has(id));
    const whole = all.pages === 1 && all.unreadable === 0;
    const gone = whole ? forget(missing) : await readAgain(missing);
    const changed = takeAll(all.found);
    completeDue = now() + COMPLETE_EVERY_MS;
    finishAll(all, began);
    return new Set([...changed, ...gone]);
  };

  /** Tasks that changed since they were read: within the overlap the same stamps come again and again. */
  const moved = ({ found }: Found<TaskStamp>): readonly string[] =>
    [...found.values()]
      .filter(({ id, changedAt }) => rows.get(id)?.changedAt !== changedAt)
      .map(({ id }) => id);

  const stampsLook = async (): Promise<ReadonlySet<string>> => {
    const began = now();
    const all = await allPages((page) => clearml.taskStamps({ running: true }, page));
    unreadable = all.unreadable;
    const missing = [...rows.keys()].filter((id) => !all.found.has(id));
    const changed = await readAgain([...moved(all), ...missing]);
    finishAll(all, began);
    return changed;
  };

  const changesLook = async (since: number): Promise<ReadonlySet<string>> => {
    const began = now();
    const query: TaskQuery = { changedSince: new Date(since).toISOString() };
    const all = await allPages((page) => clearml.taskStamps(query, page));
    const changed = await readAgain(moved(all));
    watermark.note(newestChange(all.found), began);
    return changed;
  };

  return {
    /** All tasks that ask and run, as ClearML last told. */
    rows: rows as ReadonlyMap<string, TaskRow>,
    problems: (): readonly string[] =>
      unreadable === 0
        ? []
        : [
            `ClearML's lists hold ${unreadable} entries without a task's id or status: these tasks are not routed, or as they last were; see what is wrong with them, or with what stands between ClearML and this router`,
          ],
    /** Asks ClearML, and returns the ids of the tasks that came, changed or went. Throws what the client throws; `rows` then stays. */
    look: (): Promise<ReadonlySet<string>> => {
      const since = watermark.since();
      if (pages <= 1 || since === undefined || now() >= completeDue) return completeLook();
      return now() >= stampsDue ? stampsLook() : changesLook(since);
    },
  };
}
