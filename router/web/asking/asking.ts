import { RateLimit } from '../../load/rate_limit.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import { DENIALS } from '../../auth/gate/denials.ts';
import { owns } from '../../auth/identity/owner.ts';
import type { ClearmlTasks } from '../../clearml/clearml.ts';
import type { TaskRow } from '../../clearml/task_row.ts';
import { RouterError } from '../../errors.ts';
import {
  ENDPOINT_ID,
  endpointId,
  endpointLabels,
  taskIdOf,
  type EndpointId,
} from '../../grammar/endpoint_id.ts';
import type { Answer } from '../../pages/answer.ts';
import type { EndpointAsk } from '../../routes/asks/ask.ts';
import type { TaskPods } from '../../routes/asks/task_pods.ts';
import type { WrittenAsk } from '../../routes/asks/written_ask.ts';
import type { Settings } from '../../settings/settings.ts';
import { browserUrl, endpointPlaces } from '../../settings/urls.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log } from '../../telemetry/log.ts';
import type { User } from '../acts/user.ts';
import { administersCompany } from '../../auth/access/roles.ts';
import {
  ASKING_OFF,
  CLEARML_AWAY,
  NO_POD,
  NO_SUCH_ENDPOINT,
  NO_SUCH_TASK,
  NOT_WRITABLE,
  otherQueue,
  PODS_UNREAD,
  TCP_OFF,
  tooOften,
  tooOftenRead,
} from './answers.ts';
import { TaskChanges } from './task_changes.ts';
import type { Asked, AskWish } from './wish.ts';

export interface AskingParts {
  readonly settings: Pick<
    Settings,
    | 'ROUTER_URL'
    | 'ROUTER_WILDCARD_HOST'
    | 'ROUTER_PATH_FORM'
    | 'LISTEN_QUEUE_NAME'
    | 'TCP_ROUTER_ADDRESS'
  >;
  readonly tasks: ClearmlTasks;
  /** Undefined where VERIFY_TASK_PODS is not set. */
  readonly pods: Pick<TaskPods, 'ownAddress'> | undefined;
  readonly log: Log;
  /** Milliseconds after which what was written is looked at again; tests replace it. */
  readonly settles?: number;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** A task among those that somebody may ask for. */
export type OwnTask = Pick<TaskRow, 'id' | 'name' | 'projectName' | 'startedAt'>;

const PER_USER = { atOnce: 20, perSecond: 1 / 2 };
/** Of the page, which asks ClearML each time; by the connections by which everybody's rights are asked about. */
const LOOKS_PER_USER = { atOnce: 60, perSecond: 1 };
/** Of a user's running tasks. */
const MOST_LISTED = 50;

/** Asks for endpoints of running tasks in place of their code, and withdraws them: the same acts behind the API and the page. */
export class Asking {
  readonly #parts: AskingParts;
  readonly #rate: RateLimit;
  readonly #looks: RateLimit;
  readonly #changes: TaskChanges;

  constructor(parts: AskingParts) {
    this.#parts = parts;
    this.#rate = new RateLimit(PER_USER, parts.now);
    this.#looks = new RateLimit(LOOKS_PER_USER, parts.now);
    this.#changes = new TaskChanges(parts.tasks, parts.settles);
  }

  /** Why nobody can ask here; undefined where one can. */
  get off(): Answer | undefined {
    return this.#parts.pods === undefined ? ASKING_OFF : undefined;
  }

  get tcp(): boolean {
    return this.#parts.settings.TCP_ROUTER_ADDRESS !== undefined;
  }

  /** The user's running tasks, newest first, as far as they go on one page. */
  async ownTasks({
    identity,
  }: User): Promise<
    { readonly tasks: readonly OwnTask[]; readonly more: boolean } | Answer | Denied
  > {
    const { token, userId } = identity;
    if (!this.#looks.take(userId)) return tooOftenRead(this.#looks.wait(userId));
    return this.#inUsersName(identity, () =>
      this.#parts.tasks.runningTasksOf(token, userId, MOST_LISTED),
    );
  }

  async ask(user: User, wish: AskWish): Promise<Asked | Answer | Denied> {
    const { settings, pods } = this.#parts;
    if (pods === undefined) return ASKING_OFF;
    const limited = this.#limited(user);
    if (limited !== undefined) return limited;
    const task = await this.#ownTask(user, wish.task);
    if (task === undefined) return NO_SUCH_TASK;
    if ('outcome' in task) return task;
    if (wish.protocol === 'tcp' && settings.TCP_ROUTER_ADDRESS === undefined) return TCP_OFF;
    return this.#changing(async () => {
      if (!(await this.#serves(task))) return otherQueue(settings.LISTEN_QUEUE_NAME);
      const own = pods.ownAddress(task.id);
      if (own === 'unread') return PODS_UNREAD;
      if (own === undefined) return NO_POD;
      const { protocol, port, name, keep_prefix: keepPrefix, scheme } = wish;
      const ask: WrittenAsk = { protocol, name, port, address: own.address, keepPrefix, scheme };
      const id = endpointId(task.id, name);
      const audit = { endpoint: id, protocol, port };
      const asked = await this.#changes.ask(task.id, ask, () =>
        this.#audit('endpoint_asked', user, task, audit),
      );
      if ('status' in asked) return asked;
      const url = protocol === 'http' ? this.#url(task.id, name, asked.before) : null;
      return { id, task: task.id, name: name ?? null, protocol, port, url };
    });
  }

  /** Takes an endpoint away, by both of its ways; undefined when it is done. */
  async withdraw(user: User, id: EndpointId): Promise<Answer | Denied | undefined> {
    const limited = this.#limited(user);
    if (limited !== undefined) return limited;
    if (!ENDPOINT_ID.test(id)) return NO_SUCH_ENDPOINT;
    const task = await this.#ownTask(user, taskIdOf(id));
    if (task === undefined) return NO_SUCH_ENDPOINT;
    if ('outcome' in task) return task;
    return this.#changing(() =>
      this.#changes.withdraw(task.id, id, () =>
        this.#audit('endpoint_withdrawn', user, task, { endpoint: id }),
      ),
    );
  }

  #limited({ identity }: User): Answer | undefined {
    const { userId } = identity;
    return this.#rate.take(userId) ? undefined : tooOften(this.#rate.wait(userId));
  }

  /** The task, if it runs and is the user's own or of those whom they administer; as ClearML shows it to the user now. */
  async #ownTask({ identity }: User, id: string): Promise<TaskRow | Denied | undefined> {
    const task = await this.#inUsersName(identity, () =>
      this.#parts.tasks.taskSeenBy(identity.token, id),
    );
    if (task === undefined || 'outcome' in task) return task;
    if (task.status !== 'in_progress') return undefined;
    const may = owns(identity, task) || administersCompany(identity, task.companyId);
    return may ? task : undefined;
  }

  async #inUsersName<T>(identity: User['identity'], act: () => Promise<T>): Promise<T | Denied> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      const revoked = error.code === 'CLEARML_UNAUTHORIZED';
      const verdict = revoked ? DENIALS.revoked : DENIALS.unavailable;
      return { outcome: 'denied', ...verdict, identity };
    }
  }

  /** What the router's own account does. */
  async #changing<T>(act: () => Promise<T>): Promise<T | Answer> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      const { code, message } = error;
      this.#parts.log.warn({ event: 'ask_failed', error: message }, 'ClearML took no ask');
      return code === 'CLEARML_REFUSED' ? NOT_WRITABLE : CLEARML_AWAY;
    }
  }

  async #serves({ queueId }: TaskRow): Promise<boolean> {
    const { settings, tasks } = this.#parts;
    const { LISTEN_QUEUE_NAME: served } = settings;
    if (served.length === 0) return true;
    const name = queueId === undefined ? undefined : (await tasks.queues()).get(queueId);
    return name !== undefined && served.includes(name);
  }

  /** Where the endpoint will be: on its own host where its name makes one, else in path form where that is on. */
  #url(taskId: string, name: string | undefined, asks: readonly EndpointAsk[]): string | null {
    const others = asks.map((one) => one.name).filter((one) => one !== name);
    const label = endpointLabels(taskId, [...others, name]).at(-1);
    const id = endpointId(taskId, name);
    return browserUrl(endpointPlaces(this.#parts.settings), { id, label }) ?? null;
  }

  #audit(event: string, { identity }: User, task: TaskRow, more: object): void {
    const { userId } = identity;
    this.#parts.log.info(
      {
        event,
        user: excerpt(userId),
        owner: task.userId === userId ? undefined : excerpt(task.userId),
        ...more,
      },
      'An endpoint was asked for or withdrawn in place of the task',
    );
  }
}
