import { findsRoom } from './fair_room.ts';

/** What waits for its turn: one of each sharer after the other, and no sharer's keeps out all others'. */
export class FairQueue<Item> {
  readonly #most: number;
  /** Whose turn is next comes first. */
  readonly #waiting = new Map<string, Item[]>();
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  hasRoom(sharer: string): boolean {
    return findsRoom(this.#most, this.#size, () => this.#waiting.get(sharer)?.length ?? 0);
  }

  add(sharer: string, item: Item): void {
    this.#size += 1;
    const own = this.#waiting.get(sharer);
    if (own === undefined) this.#waiting.set(sharer, [item]);
    else own.push(item);
  }

  /** Undefined where none waits. */
  take(): Item | undefined {
    for (const [sharer, own] of this.#waiting) {
      this.#size -= 1;
      this.#waiting.delete(sharer);
      const item = own.shift();
      if (own.length > 0) this.#waiting.set(sharer, own);
      return item;
    }
    return undefined;
  }
}
