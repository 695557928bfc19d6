/** Counts how long a task takes for the head of its answer since it was sent the last of the request (TASK_ANSWER_SECONDS). */
export class AnswerClock {
  readonly #limitMs: number;
  readonly #isClientsTurn: () => boolean;
  readonly #late: () => void;
  #since = 0;
  #timer: NodeJS.Timeout | undefined = undefined;

  /**
   * `isClientsTurn`: the task has all that the client has sent so far, and is to get more; how long a client takes is not the
   * task's fault. `late` is called once for each start.
   */
  constructor(limitMs: number, isClientsTurn: () => boolean, late: () => void) {
    this.#limitMs = limitMs;
    this.#isClientsTurn = isClientsTurn;
    this.#late = late;
  }

  /** A request is sent. */
  start(): void {
    this.restart();
    this.#timer = setTimeout(this.#look, this.#limitMs);
  }

  /** More of the request was sent. */
  restart(): void {
    this.#since = performance.now();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #look = (): void => {
    if (this.#isClientsTurn()) this.restart();
    const left = this.#limitMs - (performance.now() - this.#since);
    // A timer may be a little early.
    if (left < 1) this.#late();
    else this.#timer = setTimeout(this.#look, left);
  };
}
