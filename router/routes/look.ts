import { ASKING_TAG, PAGE_SIZE } from '../clearml/client.ts';
import type { ClearMl, TaskQuery } from '../clearml/clearml.ts';
import type { TaskRow } from '../clearml/task_row.ts';
import { isTaskId } from './endpoint_id.ts';

/** All tasks that ask and run, as ClearML last told. */
export interface Looker {
  readonly rows: ReadonlyMap<string, TaskRow>;
  /** Asks ClearML, and returns the ids of the tasks that came, changed or went. Throws what the client throws; `rows` then stays. */
  readonly look: () => Promise<ReadonlySet<string>>;
}

export interface LookerOptions {
  readonly clearml: Pick<ClearMl, 'tasks'>;
  /** Least milliseconds between two full looks at an installation of more than one page. */
  readonly fullEvery?: number;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: () => number;
}

const FULL_EVERY = 10_000;
/** A full look that takes long on a slow server takes at most this part of the time. */
const FULL_SHARE = 0.1;
/**
 * A look for what changed goes back by this much behind the newest change seen: servers stamp a change before it can be read, and
 * the clocks of several API servers differ. Milliseconds.
 */
const OVERLAP = 5_000;
/** No real installation has more; a server that repeats its pages without end must not fill the memory. */
const MOST_PAGES = 200;

function asks(row: TaskRow): boolean {
  return row.status === 'in_progress' && row.systemTags.includes(ASKING_TAG) && isTaskId(row.id);
}

function sameRow(a: TaskRow, b: TaskRow): boolean {
  if (
    a.name !== b.name ||
    a.type !== b.type ||
    a.projectName !== b.projectName ||
    a.userId !== b.userId ||
    a.companyId !== b.companyId ||
    a.queueId !== b.queueId ||
    a.startedAt !== b.startedAt ||
    a.runtime.size !== b.runtime.size
  ) {
    return false;
  }
  for (const [key, value] of a.runtime) if (b.runtime.get(key) !== value) return false;
  return true;
}

/**
 * Looks at ClearML. While all tasks fit one page each look asks for all of them; beyond that a look asks for what changed, and now
 * and then for all, which also finds tasks that were deleted or lost their tag without a trace.
 */
export function createLooker(options: LookerOptions): Looker {
  const { clearml, fullEvery = FULL_EVERY, now = () => performance.now() } = options;
  const rows = new Map<string, TaskRow>();
  let pages = 0;
  let nextFull = 0;
  /** Newest change of all tasks seen; undefined on servers that do not tell. */
  let newest: number | undefined;

  const all = async (query: TaskQuery): Promise<{ found: Map<string, TaskRow>; pages: number }> => {
    const found = new Map<string, TaskRow>();
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const tasks = await clearml.tasks(query, page);
      for (const row of tasks) found.set(row.id, row);
      if (tasks.length < PAGE_SIZE) return { found, pages: page + 1 };
    }
    return { found, pages: MOST_PAGES };
  };

  const noteChanges = (found: ReadonlyMap<string, TaskRow>): void => {
    for (const { changedAt = 0 } of found.values()) {
      if (changedAt > (newest ?? 0)) newest = changedAt;
    }
  };

  /** Takes one row in; true when that changes what is known. */
  const take = (row: TaskRow): boolean => {
    const before = rows.get(row.id);
    if (!asks(row)) return rows.delete(row.id);
    if (before !== undefined && sameRow(before, row)) return false;
    rows.set(row.id, row);
    return true;
  };

  const takeAll = (found: ReadonlyMap<string, TaskRow>): Set<string> => {
    const changed = new Set<string>();
    for (const row of found.values()) if (take(row)) changed.add(row.id);
    return changed;
  };

  /** A list that moves while it is paged can leave a task out: what is missing is asked for by its id before it counts as gone. */
  const confirmMissing = async (missing: readonly string[]): Promise<Map<string, TaskRow>> => {
    const found = new Map<string, TaskRow>();
    for (let start = 0; start < missing.length; start += PAGE_SIZE) {
      const ids = missing.slice(start, start + PAGE_SIZE);
      for (const row of await clearml.tasks({ ids }, 0)) found.set(row.id, row);
    }
    return found;
  };

  const fullLook = async (): Promise<ReadonlySet<string>> => {
    const began = now();
    const seen = await all({ running: true });
    let missing = [...rows.keys()].filter((id) => !seen.found.has(id));
    const confirmed = seen.pages > 1 ? await confirmMissing(missing) : new Map<string, TaskRow>();
    pages = seen.pages;
    nextFull = now() + Math.max(fullEvery, (now() - began) / FULL_SHARE);
    newest = undefined;
    noteChanges(seen.found);

    const changed = takeAll(seen.found);
    for (const id of takeAll(confirmed)) changed.add(id);
    missing = missing.filter((id) => !confirmed.has(id));
    for (const id of missing) if (rows.delete(id)) changed.add(id);
    return changed;
  };

  const changedLook = async (since: number): Promise<ReadonlySet<string>> => {
    const changedSince = new Date(since - OVERLAP).toISOString();
    const { found } = await all({ changedSince });
    noteChanges(found);
    return takeAll(found);
  };

  return {
    rows,
    look: () =>
      pages <= 1 || newest === undefined || now() >= nextFull ? fullLook() : changedLook(newest),
  };
}
