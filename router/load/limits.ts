import { clientOf } from '../grammar/client_of.ts';
import { COST, UNBOUNDED, type Account, type ByteBudget, type Overdrawn } from './byte_budget.ts';
import { Tally, UNCOUNTED, leave, type Load } from './tally.ts';

/** How many requests in flight, or open WebSockets, one process carries. 0 is no limit. */
export interface LimitValues {
  readonly total: number;
  readonly perUser: number;
  readonly perTask: number;
  /** By the client's own address; only where that is known. */
  readonly perAddress: number;
}

/** What is limited; the words of metrics and log lines. */
export type LimitedKind = 'requests' | 'websockets';
export type LimitName =
  Overdrawn | LimitedKind | `${LimitedKind}-per-${'user' | 'task' | 'address'}`;

/** What one request or session counts against; its owner carries it, so that no request pays for an object of its own. */
export interface CountedRequest {
  /** Counted in the total. */
  counted: boolean;
  userLoad: Load;
  taskLoad: Load;
  addressLoad: Load;
  /** Who what it holds is held for. */
  account: Account;
}

/** One that counts against nothing yet. */
export function uncountedRequest(): CountedRequest {
  return {
    counted: false,
    userLoad: UNCOUNTED,
    taskLoad: UNCOUNTED,
    addressLoad: UNCOUNTED,
    account: UNBOUNDED,
  };
}

/**
 * Counts requests in flight, or open WebSockets: in total and by address before the gate is asked, by user and task after it.
 * Whatever was counted is taken back by `leave`, also after a refusal.
 */
export class Limits {
  readonly #total: number;
  readonly #users: Tally;
  readonly #tasks: Tally;
  readonly #addresses: Tally;
  readonly #budget: ByteBudget;
  readonly #cost: number;
  readonly #names: Readonly<Record<'total' | 'user' | 'task' | 'address', LimitName>>;
  #open = 0;

  constructor(kind: LimitedKind, values: LimitValues, budget: ByteBudget) {
    this.#budget = budget;
    this.#cost = COST[kind];
    this.#total = values.total === 0 ? Infinity : values.total;
    this.#users = new Tally(values.perUser);
    // Counted without a limit, too: who chooses among tasks goes by it.
    this.#tasks = new Tally(values.perTask === 0 ? Infinity : values.perTask);
    this.#addresses = new Tally(values.perAddress, clientOf);
    this.#names = {
      total: kind,
      user: `${kind}-per-user`,
      task: `${kind}-per-task`,
      address: `${kind}-per-address`,
    };
  }

  /** Somebody has come. @param address undefined where it is not known whose it is. */
  arrive(request: CountedRequest, address: string | undefined): LimitName | undefined {
    if (this.#open >= this.#total) return this.#names.total;
    const load = this.#addresses.enter(address);
    if (load === undefined) return this.#names.address;
    request.addressLoad = load;
    request.counted = true;
    this.#open += 1;
    return undefined;
  }

  /** The gate has said who it is and where it goes. Who has left meanwhile is not counted. @param user undefined where nobody was asked. */
  admit(request: CountedRequest, user: string | undefined, task: string): LimitName | undefined {
    if (!request.counted) return undefined;
    const userLoad = this.#users.enter(user);
    if (userLoad === undefined) return this.#names.user;
    request.userLoad = userLoad;
    const taskLoad = this.#tasks.enter(task);
    if (taskLoad === undefined) return this.#names.task;
    request.taskLoad = taskLoad;
    const account = this.#budget.account(user ?? task);
    const overdrawn = this.#budget.take(account, this.#cost);
    if (overdrawn === undefined) request.account = account;
    return overdrawn;
  }

  /** Takes back what `admit` counted: it goes to another task, and is admitted anew. Nothing may be held for it. */
  retract(request: CountedRequest): void {
    leave(request.userLoad);
    leave(request.taskLoad);
    request.userLoad = request.taskLoad = UNCOUNTED;
    if (request.account !== UNBOUNDED) this.#budget.give(request.account, this.#cost);
    request.account = UNBOUNDED;
  }

  /** It is over. A second time it does nothing. */
  leave(request: CountedRequest): void {
    if (!request.counted) return;
    request.counted = false;
    this.#open -= 1;
    this.retract(request);
    leave(request.addressLoad);
    request.addressLoad = UNCOUNTED;
  }

  /** How many go to this task. */
  openOf(task: string): number {
    return this.#tasks.openOf(task);
  }

  sweep(): void {
    this.#users.sweep();
    this.#tasks.sweep();
    this.#addresses.sweep();
  }
}
