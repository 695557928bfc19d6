import { json, type PlainAnswer } from '../telemetry/plain_server.ts';
import { Journal } from './journal.ts';
import type { OwnSight } from './own_sight.ts';
import { CLOCK_TOLERANCE_MS, readQuestion, signAnswer } from './signature.ts';
import { SIGNATURE_HEADER, TOLD_PATH, type Told } from './told.ts';

/** As many as 64 replicas ask in this time, each every few seconds. */
const MOST_NONCES = 8_192;
/** How long a nonce is remembered: as long as its question may count. */
const NONCE_MS = 2 * CLOCK_TOLERANCE_MS;
/** However many ask, what is seen is compared once in this time. */
const LOOK_EVERY_MS = 1_000;

const REFUSED = json(401, { error: 'not asked by a replica of this router' });

/** Answers the other replicas of this router, and nobody else. */
export class Answerer {
  readonly #own: OwnSight;
  readonly #keys: () => readonly Uint8Array[];
  readonly #journal = new Journal();
  /** Questions that were answered, by their nonce; when, oldest first, by the clock of `performance.now`. */
  readonly #answered = new Map<string, number>();
  #lookedAt = -Infinity;

  constructor(own: OwnSight, keys: () => readonly Uint8Array[]) {
    this.#own = own;
    this.#keys = keys;
  }

  /**
   * @param target path and query, as they came.
   * @param authorization the header of that name.
   */
  async answer(target: string, authorization: string | undefined): Promise<PlainAnswer> {
    const question = readQuestion(this.#keys(), target, authorization);
    if (question === undefined || !this.#isNew(question.nonce)) return REFUSED;
    const text = JSON.stringify(await this.#tell(target));
    const body = Buffer.from(text);
    const headers = { [SIGNATURE_HEADER]: signAnswer(question, body) };
    return { status: 200, type: 'application/json', headers, body: text };
  }

  async #tell(target: string): Promise<Told> {
    const { replica, endpoints, seen, open } = this.#own;
    const now = performance.now();
    if (now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#lookedAt = now;
      this.#journal.look(endpoints(), seen);
    }
    const query = new URLSearchParams(target.slice(TOLD_PATH.length));
    const since = Number(query.get('since'));
    const asked = Number.isSafeInteger(since) && since > 0 ? since : 0;
    return {
      replica,
      open: await open(),
      ...this.#journal.since(query.get('volume') ?? '', asked),
    };
  }

  /** False for a question that was recorded and is asked again. Only holders of the key get here. */
  #isNew(nonce: string): boolean {
    const now = performance.now();
    for (const [old, at] of this.#answered) {
      if (now - at <= NONCE_MS) break;
      this.#answered.delete(old);
    }
    if (this.#answered.has(nonce) || this.#answered.size >= MOST_NONCES) return false;
    this.#answered.set(nonce, now);
    return true;
  }
}
