import { setTimeout as sleep } from 'node:timers/promises';
import type { ClearmlTasks } from '../../clearml/clearml.ts';
import type { TaskRow } from '../../clearml/task_row.ts';
import { endpointId, type EndpointId } from '../../grammar/endpoint_id.ts';
import type { Answer } from '../../pages/answer.ts';
import { readAsks, type EndpointAsk } from '../../routes/asks/ask.ts';
import { MOST_ENDPOINTS } from '../../routes/asks/draft.ts';
import {
  askEdit,
  askOf,
  isAnswered,
  standsIn,
  withdrawalEdit,
  type RuntimeEdit,
  type WrittenAsk,
} from '../../routes/asks/written_ask.ts';
import {
  NAME_TAKEN,
  NO_SUCH_ENDPOINT,
  NO_SUCH_TASK,
  OVERWRITTEN,
  TOO_MANY_ENDPOINTS,
} from './answers.ts';
import { TaskTurns } from './task_turns.ts';

/**
 * Longer than a call takes that is under way: the leading replica's answer to an ask, and the SDK's edits, which replace the whole
 * dictionary by what was read a moment before.
 */
const SETTLES_MS = 1_000;
const MOST_WRITES = 3;

/** Writes asks into tasks and takes them out, with the router's own login, and sees to it that this stands. Throws as ClearmlTasks does. */
export class TaskChanges {
  readonly #tasks: ClearmlTasks;
  readonly #settles: number;
  readonly #turns = new TaskTurns();

  /** @param settles milliseconds after which what was written is looked at again; tests replace it. */
  constructor(tasks: ClearmlTasks, settles = SETTLES_MS) {
    this.#tasks = tasks;
    this.#settles = settles;
  }

  /**
   * Asks for an endpoint that the task does not ask for yet. With the names that asked before, or why nothing is asked for.
   *
   * @param written called once the ask is in the task, whatever becomes of it there.
   */
  async ask(
    taskId: string,
    ask: WrittenAsk,
    written: () => void,
  ): Promise<{ readonly before: readonly EndpointAsk[] } | Answer> {
    return this.#turns.take(taskId, async () => {
      const found = await this.#read(taskId);
      if (found === undefined) return NO_SUCH_TASK;
      const before = readAsks(found.runtime);
      const conflict = conflictAmong(taskId, before, ask);
      if (conflict !== undefined) return conflict;
      for (let writes = 0; writes < MOST_WRITES; writes += 1) {
        await this.#edit(taskId, askEdit(ask));
        if (writes === 0) written();
        await this.#tasks.setAskingTag(taskId, true);
        await sleep(this.#settles);
        const after = await this.#read(taskId);
        if (after === undefined) return NO_SUCH_TASK;
        if (standsIn(after.runtime, ask)) return { before };
      }
      return OVERWRITTEN;
    });
  }

  /** Takes an endpoint away by both of its ways, and the tag with the last one; undefined when it is done. */
  async withdraw(taskId: string, id: EndpointId, written: () => void): Promise<Answer | undefined> {
    return this.#turns.take(taskId, async () => {
      const before = await this.#read(taskId);
      const found = before && askOf(taskId, readAsks(before.runtime), id);
      if (found === undefined) return NO_SUCH_ENDPOINT;
      for (let writes = 0; writes < MOST_WRITES; writes += 1) {
        await this.#edit(taskId, withdrawalEdit(found.name));
        if (writes === 0) written();
        await sleep(this.#settles);
        const after = await this.#read(taskId);
        if (after === undefined) return undefined;
        // An answer that was on its way would be taken for an ask. What the task's code asks anew meanwhile bears no stamp of a router.
        if (isAnswered(after.runtime, found.name)) continue;
        if (readAsks(after.runtime).length === 0) await this.#tasks.setAskingTag(taskId, false);
        return undefined;
      }
      return OVERWRITTEN;
    });
  }

  /** As the router's own account sees it now, with the runtime; undefined where it does not run. */
  async #read(id: string): Promise<TaskRow | undefined> {
    const { tasks } = await this.#tasks.tasks({ ids: [id] }, 0);
    return tasks.find((task) => task.id === id && task.status === 'in_progress');
  }

  async #edit(id: string, { values, removed }: RuntimeEdit): Promise<void> {
    await this.#tasks.writeRuntime(id, values, removed);
  }
}

/** Why the task cannot ask for that, too. */
function conflictAmong(
  taskId: string,
  asks: readonly EndpointAsk[],
  { name, protocol }: WrittenAsk,
): Answer | undefined {
  const same = askOf(taskId, asks, endpointId(taskId, name));
  if (same === undefined) return asks.length < MOST_ENDPOINTS ? undefined : TOO_MANY_ENDPOINTS;
  return same.name !== name || same[protocol] !== undefined ? NAME_TAKEN : undefined;
}
