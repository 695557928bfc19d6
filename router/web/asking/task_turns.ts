/**
 * One after the other for each task: two edits of one task at a time, each of which reads the whole and writes it back, would lose
 * one of the two.
 */
export class TaskTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs once all that was taken before for the task is over, whatever came of that. */
  async take<T>(taskId: string, run: () => Promise<T>): Promise<T> {
    const before = this.#last.get(taskId) ?? Promise.resolve();
    const mine = before.then(run, run);
    this.#last.set(taskId, mine);
    try {
      return await mine;
    } finally {
      if (this.#last.get(taskId) === mine) this.#last.delete(taskId);
    }
  }
}
