import type { ClearMl } from '../clearml/clearml.ts';
import { RouterError } from '../errors.ts';
import { createLoop, type Loop } from '../loop.ts';
import type { Leadership } from '../routes/leader.ts';
import type { Task } from '../routes/model/endpoint.ts';
import type { Log } from '../telemetry/log.ts';
import { JupyterAsker } from './ask_jupyter.ts';
import { Continuity } from './continuity.ts';
import { begin, idleSince, nextStep, seen, worked, type Count } from './count.ts';
import { ListedTasks, type Listed, type ListedTasksParts } from './listed_tasks.ts';
import type { Sight } from './sight.ts';
import { stopIdle } from './stop_idle.ts';
import { workOf } from './work_of.ts';

/** What the watch is made of. */
export interface IdleWatchParts extends ListedTasksParts {
  readonly routerName: string;
  readonly clearml: Pick<ClearMl, 'queues' | 'taskWork' | 'stopTask'>;
  readonly leadership: Pick<Leadership, 'isLeader'>;
  readonly sight: Sight;
  readonly log: Log;
  /** Milliseconds, by a clock that does not jump; tests replace it. */
  readonly now?: () => number;
}

/** One listed task. */
interface Watched {
  readonly count: Count;
  readonly told: 'nothing' | 'warning' | 'stop';
}

/** How long a listed task has been idle. Milliseconds since the epoch. */
export interface IdleTask {
  readonly task: Task;
  readonly since: number;
  /** Undefined where nothing is going to be stopped: with `dryRun`, and while not all is known that has to be. */
  readonly stopsAt: number | undefined;
}

const TURN_EVERY_MS = 15_000;
/** Tasks whose work is asked for in one turn; the others wait for the next. */
const MOST_ASKED = 20;
/** Of those tasks in one turn of which ClearML had no answer: each may take its time. */
const MOST_SILENT = 3;
/** What may be the fault of one task alone. */
const OF_ONE_TASK: ReadonlySet<RouterError['code']> = new Set([
  'CLEARML_REFUSED',
  'CLEARML_ANSWER_INVALID',
]);

/**
 * Counts how long each task of the policy has been idle, and has those stopped whose time is over. Every replica counts, so that the next
 * leader goes on where the last one was; the leader alone stops. Time in which a use could have been missed does not count: a replica
 * that is silent, or is gone with what it saw last, and all that was before this process began. While ClearML does not answer nothing
 * is stopped.
 */
export class IdleWatch {
  readonly #parts: IdleWatchParts;
  readonly #now: () => number;
  readonly #watched = new Map<string, Watched>();
  readonly #loop: Loop;
  readonly #continuity: Continuity;
  readonly #tasks: ListedTasks;
  readonly #jupyter = new JupyterAsker();
  /** Those of which ClearML has no answer, though it answers: asked after all others, the one that waits for longest first. */
  readonly #silent = new Set<string>();
  #known = false;
  #last: ReadonlyMap<string, Listed> = new Map();

  constructor(parts: IdleWatchParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
    this.#continuity = new Continuity(parts.sight.replicas, this.#now);
    this.#tasks = new ListedTasks(parts, this.#now);
    this.#loop = createLoop({
      turn: () => this.turn(),
      interval: TURN_EVERY_MS,
      failed: (error, again) => {
        if (again) return;
        const { message, stack } = error as Error;
        const told = error instanceof RouterError ? message : stack;
        parts.log.warn({ event: 'idle_unknown', error: told }, 'Which tasks are idle is not known');
      },
    });
  }

  start(): void {
    this.#loop.start();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  /** What is known of a task; undefined where it is not listed, or was used in the last minutes. */
  readonly of = (id: string): IdleTask | undefined => {
    const listed = this.#last.get(id);
    const count = this.#watched.get(id)?.count;
    const from = count && idleSince(count);
    if (listed === undefined || from === undefined) return undefined;
    const since = Date.now() - (this.#now() - from);
    const stops = this.#known && !this.#parts.policy.dryRun;
    return {
      task: listed.task,
      since,
      stopsAt: stops ? since + listed.period.after : undefined,
    };
  };

  /** All listed tasks that are idle. */
  all(): readonly IdleTask[] {
    return [...this.#last.keys()].map(this.of).filter((one) => one !== undefined);
  }

  /** One look at all tasks; the loop calls it. Rejects where ClearML does not answer. */
  async turn(): Promise<void> {
    this.#continuity.alive();
    this.#known = false;
    await this.#tasks.refresh();
    const listed = this.#tasks.all();
    const complete = this.#lookAtReplicas();
    for (const [id, one] of listed) this.#take(id, one);
    for (const id of this.#watched.keys()) if (!listed.has(id)) this.#watched.delete(id);
    for (const id of this.#silent) if (!listed.has(id)) this.#silent.delete(id);
    this.#last = listed;
    if (!complete || this.#parts.routes.current().stale) return;
    let [asked, silent] = [0, 0];
    for (const id of this.#inOrder(listed)) {
      const [one, watched] = [listed.get(id), this.#watched.get(id)];
      if (one === undefined || watched === undefined) continue;
      const step = nextStep(watched.count, this.#now(), one.period);
      if (step === 'warn' || step === 'stop') this.#parts.sight.hurry();
      if (step === 'warn') this.#warn(id, one, watched);
      if (step !== 'ask' && (step !== 'stop' || !this.#mayStop(watched))) continue;
      asked += 1;
      if (asked > MOST_ASKED) break;
      try {
        await this.#ask(id, one);
        if (step === 'stop') await this.#stopIfIdle(id, one);
        this.#silent.delete(id);
      } catch (error) {
        this.#continuity.alive();
        if (!(error instanceof RouterError)) throw error;
        // What ClearML refuses for one task, or says in a form that nobody knows, it may do for another.
        if (OF_ONE_TASK.has(error.code)) this.#refused(id, one, error);
        else {
          await this.#unanswered(id, one, error);
          silent += 1;
          if (silent === MOST_SILENT) break;
        }
      }
    }
    this.#known = true;
  }

  #beginAnew(): void {
    for (const [id, { count }] of this.#watched) {
      this.#watched.set(id, { count: begin(this.#now(), count.lastUse), told: 'nothing' });
    }
  }

  /** Its time begins anew, so that it is tried again, and not all the time. */
  #refused(id: string, { task }: Listed, { message }: RouterError): void {
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    this.#parts.log.warn(
      { event: 'idle_stop_refused', ...this.#fields(task, watched.count), error: message },
      'ClearML does not let the router stop an idle task, or see its work',
    );
    this.#watched.set(id, { count: begin(this.#now(), watched.count.lastUse), told: 'nothing' });
  }

  #inOrder(listed: ReadonlyMap<string, Listed>): readonly string[] {
    return [...[...listed.keys()].filter((id) => !this.#silent.has(id)), ...this.#silent];
  }

  /**
   * A task can report so much that no answer of ClearML's is ever whole, or something that its server fails over. Others go on, unless
   * it is the server that does not answer, to what has nothing to do with the task. @throws RouterError
   */
  async #unanswered(id: string, { task }: Listed, error: RouterError): Promise<void> {
    if (error.code !== 'CLEARML_UNAVAILABLE') throw error;
    await this.#parts.clearml.queues();
    const watched = this.#watched.get(id);
    if (!this.#silent.delete(id) && watched !== undefined) {
      this.#parts.log.warn(
        { event: 'idle_work_unknown', ...this.#fields(task, watched.count), error: error.message },
        'ClearML does not answer whether a task works, which is not stopped meanwhile',
      );
    }
    this.#silent.add(id);
  }

  #mayStop({ told }: Watched): boolean {
    return told !== 'stop' && this.#parts.leadership.isLeader();
  }

  /** Whether all that was seen is known. Where some of it never will be the time of all begins anew. */
  #lookAtReplicas(): boolean {
    const sightline = this.#continuity.look();
    if (sightline === 'broken') this.#beginAnew();
    return sightline !== 'unknown';
  }

  #take(id: string, { task, endpoints }: Listed): void {
    const now = this.#now();
    const uses = endpoints.map((endpoint) => this.#parts.sight.lastUse(endpoint.id));
    // A task that started anew is another: its own time begins.
    const lastUse = JSON.stringify([task.startedAt, ...uses]);
    const before = this.#watched.get(id);
    const count = before === undefined ? begin(now, lastUse) : seen(before.count, now, lastUse);
    if (count !== before?.count) this.#watched.set(id, { count, told: 'nothing' });
  }

  async #ask(id: string, { endpoints }: Listed): Promise<void> {
    const work = await workOf(this.#parts.clearml, this.#jupyter, id, endpoints);
    this.#continuity.alive();
    const watched = this.#watched.get(id);
    if (watched === undefined) return;
    if (work === undefined) {
      this.#watched.delete(id);
      return;
    }
    const count = worked(watched.count, this.#now(), work.print, work.busy);
    if (count !== watched.count) this.#watched.set(id, { count, told: 'nothing' });
  }

  #warn(id: string, { task, period }: Listed, watched: Watched): void {
    if (watched.told !== 'nothing') return;
    this.#watched.set(id, { ...watched, told: 'warning' });
    if (!this.#parts.leadership.isLeader()) return;
    const left = Math.round((period.after - this.#idleFor(watched.count)) / 1000);
    this.#parts.log.info(
      { event: 'idle_warning', ...this.#fields(task, watched.count), stopsInSeconds: left },
      'A task is idle and will be stopped',
    );
  }

  /** Its work was asked for just now, and everything may have changed meanwhile. */
  async #stopIfIdle(id: string, listed: Listed): Promise<void> {
    if (!this.#lookAtReplicas()) return;
    const now = this.#tasks.all().get(id);
    if (now === undefined) return;
    this.#take(id, now);
    const watched = this.#watched.get(id);
    if (watched === undefined || !this.#mayStop(watched)) return;
    if (nextStep(watched.count, this.#now(), now.period) !== 'stop') return;
    this.#watched.set(id, { ...watched, told: 'stop' });
    try {
      await stopIdle(this.#parts, this.#fields(listed.task, watched.count));
    } catch (error) {
      // Tried again with the next turn, unless it is used by then.
      this.#watched.set(id, { ...watched, told: 'warning' });
      throw error;
    }
  }

  #idleFor(count: Count): number {
    return this.#now() - (idleSince(count) ?? this.#now());
  }

  #fields({ id, userId, queueId, projectName, type }: Task, count: Count) {
    const idleSeconds = Math.round(this.#idleFor(count) / 1000);
    return { task: id, owner: userId, queue: queueId, project: projectName, type, idleSeconds };
  }
}
