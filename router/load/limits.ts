import type { Load } from './tally.ts';
import { Tally, UNCOUNTED, leave } from './tally.ts';

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
export type LimitName = LimitedKind | `${LimitedKind}-per-${'user' | 'task' | 'address'}`;

/** What one request or session counts against; its owner carries it, so that no request pays for an object of its own. */
export interface Seat {
  /** Counted in the total. */
  seated: boolean;
  userLoad: Load;
  taskLoad: Load;
  addressLoad: Load;
}

export function emptySeat(): Seat {
  return { seated: false, userLoad: UNCOUNTED, taskLoad: UNCOUNTED, addressLoad: UNCOUNTED };
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
  readonly #names: Readonly<Record<'total' | 'user' | 'task' | 'address', LimitName>>;
  #open = 0;

  constructor(kind: LimitedKind, values: LimitValues) {
    this.#total = values.total === 0 ? Infinity : values.total;
    this.#users = new Tally(values.perUser);
    this.#tasks = new Tally(values.perTask);
    this.#addresses = new Tally(values.perAddress);
    this.#names = {
      total: kind,
      user: `${kind}-per-user`,
      task: `${kind}-per-task`,
      address: `${kind}-per-address`,
    };
  }

  /** Somebody has come. @param address undefined where it is not known whose it is. */
  arrive(seat: Seat, address: string | undefined): LimitName | undefined {
    if (this.#open >= this.#total) return this.#names.total;
    const load = this.#addresses.enter(address);
    if (load === undefined) return this.#names.address;
    seat.addressLoad = load;
    seat.seated = true;
    this.#open += 1;
    return undefined;
  }

  /** The gate has said who it is and where it goes. @param user undefined where nobody was asked. */
  admit(seat: Seat, user: string | undefined, task: string): LimitName | undefined {
    const userLoad = this.#users.enter(user);
    if (userLoad === undefined) return this.#names.user;
    seat.userLoad = userLoad;
    const taskLoad = this.#tasks.enter(task);
    if (taskLoad === undefined) return this.#names.task;
    seat.taskLoad = taskLoad;
    return undefined;
  }

  /** It is over. A second time it does nothing. */
  leave(seat: Seat): void {
    if (!seat.seated) return;
    seat.seated = false;
    this.#open -= 1;
    leave(seat.userLoad);
    leave(seat.taskLoad);
    leave(seat.addressLoad);
    seat.userLoad = seat.taskLoad = seat.addressLoad = UNCOUNTED;
  }

  get open(): number {
    return this.#open;
  }

  sweep(): void {
    this.#users.sweep();
    this.#tasks.sweep();
    this.#addresses.sweep();
  }
}
