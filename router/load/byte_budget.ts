import { totalmem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** What all connections together may hold, as a share of the memory that the container, and V8's heap, may use. */
const SHARE_OF_CONTAINER = 0.3;
const SHARE_OF_HEAP = 0.55;
/** Most that one account may hold of it. */
const SHARE_OF_ONE = 0.5;
/** While the budget is used up, whoever holds less than this share of it still gets in … */
const SMALL = 1 / 64;
/** … until it is overdrawn by this much. */
const OVERDRAFT = 0.15;

/** Share of either bound that large buffers may fill. */
const GROWTH = 0.5;

/**
 * Bytes that are held for as long as something is open, its buffers aside: objects of V8 and of Node, and what the kernel's buffers
 * make Node read at once. They are estimates; that their sum fits the pod is held by a test that opens all that the limits admit.
 */
export const COST = { requests: 16_384, websockets: 16_384, tcp: 11_264 } as const;

/** Which bound somebody is beyond. */
export type Overdrawn = 'memory' | 'memory-per-user';

/** What is held for one user, or for all who come to one task unknown: through its TCP ports, or where it asks for no sign-in. */
export interface Account {
  held: number;
  readonly budget: ByteBudget;
}

/**
 * The one count of the bytes that are held for clients, over all kinds of connections. What passes straight through is not
 * counted: only what stays. Somebody beyond a bound is read from in small pieces, and gets nothing new.
 */
export class ByteBudget {
  readonly total: number;
  readonly #accounts = new Map<string, Account>();
  held = 0;

  constructor(total: number) {
    this.total = total;
  }

  /** @param who the id of a user or a task; the same text is the same account. */
  account(who: string): Account {
    let account = this.#accounts.get(who);
    if (account === undefined) {
      account = { held: 0, budget: this };
      this.#accounts.set(who, account);
    }
    return account;
  }

  /** Counts bytes that are going to be held, to be taken back by `give`; says which bound they would exceed instead. */
  take(account: Account, bytes: number): Overdrawn | undefined {
    const { total } = this;
    if (account.held + bytes > total * SHARE_OF_ONE) return 'memory-per-user';
    const most = account.held + bytes > total * SMALL ? total : total * (1 + OVERDRAFT);
    if (this.held + bytes > most) return 'memory';
    account.held += bytes;
    this.held += bytes;
    return undefined;
  }

  /** The same for a buffer that a connection can do without: it leaves room for what cannot. */
  grow(account: Account, bytes: number): boolean {
    if (this.held + bytes > this.total * GROWTH) return false;
    if (account.held + bytes > this.total * SHARE_OF_ONE * GROWTH) return false;
    account.held += bytes;
    this.held += bytes;
    return true;
  }

  give(account: Account, bytes: number): void {
    account.held -= bytes;
    this.held -= bytes;
  }

  /** Forgets those who hold nothing. */
  sweep(): void {
    for (const [who, { held }] of this.#accounts) if (held === 0) this.#accounts.delete(who);
  }
}

/** More would be held than one account, or all together, may hold. */
export class OverBudget extends Error {
  readonly bound: Overdrawn;

  constructor(bound: Overdrawn) {
    super(bound);
    this.bound = bound;
  }
}

/**
 * Counts bytes that are going to be held for an account, to be taken back by `give`.
 *
 * @throws OverBudget
 */
export function hold(account: Account, bytes: number): void {
  const bound = account.budget.take(account, bytes);
  if (bound !== undefined) throw new OverBudget(bound);
}

/** Where nothing is bounded. */
export const UNBOUNDED: Account = { held: 0, budget: new ByteBudget(Infinity) };

/** As much as fits this process. */
export function budgetOfProcess(): ByteBudget {
  const limit = process.constrainedMemory();
  const container = limit > 0 && limit < totalmem() ? limit : totalmem();
  const heap = getHeapStatistics().heap_size_limit;
  return new ByteBudget(Math.min(container * SHARE_OF_CONTAINER, heap * SHARE_OF_HEAP));
}
