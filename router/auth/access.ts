import { LRUCache } from 'lru-cache';
import { RouterError } from '../errors.ts';
import type { ClearmlAuthority } from './clearml_authority.ts';
import type { Identity } from './identity.ts';
import type { Tell } from './notices.ts';
import { RateLimit } from './rate_limit.ts';

/** ClearML's word on one question; `over-budget` when the user has asked too much to be given one. */
export type Verdict = 'yes' | 'no' | 'revoked' | 'unavailable' | 'over-budget';

/** A task's id (32 hex digits): may the holder of the token see it. Or ACCEPTED. */
export type Question = string;

/** Does the server still take the token at all: the question of what is open to every signed-in user. */
export const ACCEPTED: Question = 'accepted';

/** One kept answer. Times in milliseconds, by a clock that does not jump. */
interface Answer {
  readonly verdict: 'yes' | 'no' | 'unavailable';
  /** When the question was put: a right that was withdrawn later may still have been answered with yes. */
  readonly askedAt: number;
  /** Until then nobody asks again. */
  readonly keepUntil: number;
  /** A yes that the server, away or silent, has not renewed when it was asked last. */
  readonly outlives?: boolean;
}

/** A token that the server has refused, or that was signed out here. */
interface Revocation {
  readonly at: number;
  /** Until then the server is not asked about this token again. */
  readonly keepUntil: number;
}

/** ACCESS_CACHE_SECONDS and ACCESS_STALE_SECONDS, in milliseconds. */
export interface AccessTimes {
  readonly keepYes: number;
  readonly keepStale: number;
}

const KEEP_NO = 5_000;
/** Absent servers are asked again soon, but not by each request. */
const KEEP_UNAVAILABLE = 1_000;
/** How long a request with a kept yes waits for a server that does not answer. */
const PATIENCE = 3_000;
/**
 * Questions by one user that are not answered with yes (A50): generous for a person with many tasks, since a yes is paid
 * back, and small against a search for other people's ids. Counted by user, who can have any number of tokens.
 */
const QUESTIONS = { atOnce: 60, perSecond: 1 };
const ANSWERS_KEPT = 50_000;
const REVOCATIONS_KEPT = 10_000;

/**
 * May they: ClearML's own answer, asked with the user's own token and kept by token and task. One question is in flight at a
 * time, whoever asks it. Ids that do not exist are asked like those that do, so that neither the answer nor the time it
 * takes tells them apart.
 */
export class AccessDecisions {
  readonly #clearml: Pick<ClearmlAuthority, 'visibleTasks' | 'currentUser'>;
  readonly #times: AccessTimes;
  readonly #now: () => number;
  readonly #tell: Tell;
  readonly #budget: RateLimit;
  readonly #answers = new LRUCache<string, Answer>({ max: ANSWERS_KEPT });
  readonly #revocations = new LRUCache<string, Revocation>({ max: REVOCATIONS_KEPT });
  readonly #flights = new Map<string, Promise<Verdict>>();

  constructor(
    clearml: Pick<ClearmlAuthority, 'visibleTasks' | 'currentUser'>,
    times: AccessTimes,
    now: () => number,
    tell: Tell = () => {},
  ) {
    this.#clearml = clearml;
    this.#times = times;
    this.#now = now;
    this.#tell = tell;
    this.#budget = new RateLimit(QUESTIONS, now);
  }

  /** Without a promise when the answer is kept. */
  ask(identity: Identity, question: Question): Verdict | Promise<Verdict> {
    // Both parts have a fixed length, so that no two pairs make one key (GHSA-v574-6498-x57v).
    const key = identity.tokenKey + question;
    const kept = this.#kept(identity, key);
    if (kept !== undefined) return kept;
    const renews = this.#isStaleYes(identity, key);
    let flight = this.#flights.get(key);
    if (flight === undefined) {
      if (!renews && !this.#budget.take(identity.userId)) return 'over-budget';
      flight = this.#fly(identity, question, key, renews).finally(() => this.#flights.delete(key));
      this.#flights.set(key, flight);
    }
    // A server that was silent is asked on, but not waited for again: or each request would wait, for as long as it is silent.
    return renews && this.#answers.peek(key)?.outlives === true ? 'yes' : flight;
  }

  /**
   * Which of these tasks the user may see, with one call for all that are not kept. The ids are the router's own, not a
   * client's, and cost no budget.
   */
  async askAll(
    identity: Identity,
    taskIds: readonly string[],
  ): Promise<ReadonlySet<string> | 'revoked' | 'unavailable'> {
    const visible = new Set<string>();
    const unknown: string[] = [];
    for (const id of taskIds) {
      const kept = this.#kept(identity, identity.tokenKey + id);
      if (kept === 'revoked') return 'revoked';
      if (kept === 'yes') visible.add(id);
      else if (kept === undefined || kept === 'unavailable') unknown.push(id);
    }
    if (unknown.length === 0) return visible;
    const askedAt = this.#now();
    try {
      const seen = await this.#clearml.visibleTasks(identity.token, unknown);
      for (const id of unknown) {
        this.#keep(identity.tokenKey + id, seen.has(id) ? 'yes' : 'no', askedAt);
        if (seen.has(id)) visible.add(id);
      }
      return visible;
    } catch (error) {
      const verdict = this.#failed(identity, error);
      if (verdict === 'no') return visible;
      if (verdict !== 'unavailable') return verdict;
      for (const id of unknown) {
        if (this.#isStaleYes(identity, identity.tokenKey + id)) visible.add(id);
      }
      return visible.size > 0 ? visible : 'unavailable';
    }
  }

  /** The token opens nothing here any more, whatever was kept: it was signed out. */
  revoke(tokenKey: string): void {
    this.signedOut(tokenKey);
    this.#tell({ kind: 'signed-out', tokenKey });
  }

  /** The same, told by another process. */
  signedOut(tokenKey: string): void {
    this.#revocations.set(tokenKey, { at: this.#now(), keepUntil: Number.POSITIVE_INFINITY });
  }

  /** ClearML refused the token, here or at another process: nothing that was answered before counts. */
  refused(tokenKey: string): void {
    if (this.#revocations.get(tokenKey)?.keepUntil === Number.POSITIVE_INFINITY) return;
    const at = this.#now();
    this.#revocations.set(tokenKey, { at, keepUntil: at + KEEP_NO });
  }

  /** Another process spent one of the user's questions. */
  spent(userId: string): void {
    this.#budget.take(userId);
  }

  #kept(identity: Identity, key: string): Answer['verdict'] | 'revoked' | undefined {
    const now = this.#now();
    const revocation = this.#revocations.get(identity.tokenKey);
    if (revocation !== undefined && now < revocation.keepUntil) return 'revoked';
    const answer = this.#answers.get(key);
    if (answer === undefined || now >= answer.keepUntil) return undefined;
    return revocation === undefined || answer.askedAt > revocation.at ? answer.verdict : undefined;
  }

  /** A server that is silent is waited for, but not for long by those who were let in before. */
  #fly(identity: Identity, question: Question, key: string, renews: boolean): Promise<Verdict> {
    const answered = this.#put(identity, question, key);
    if (!renews) {
      return answered.then((verdict) => {
        if (verdict === 'yes' || verdict === 'unavailable') this.#budget.giveBack(identity.userId);
        else this.#tell({ kind: 'question-spent', userId: identity.userId });
        return verdict;
      });
    }
    const { promise: silent, resolve } = Promise.withResolvers<Verdict>();
    const timer = setTimeout(() => {
      resolve(this.#isStaleYes(identity, key) ? this.#outlive(identity, key) : answered);
    }, PATIENCE);
    return Promise.race([answered, silent]).finally(() => clearTimeout(timer));
  }

  async #put(identity: Identity, question: Question, key: string): Promise<Verdict> {
    const askedAt = this.#now();
    try {
      const verdict = (await this.#isYes(identity, question)) ? 'yes' : 'no';
      this.#keep(key, verdict, askedAt);
      return verdict;
    } catch (error) {
      const verdict = this.#failed(identity, error);
      if (verdict === 'no') this.#keep(key, verdict, askedAt);
      return verdict === 'unavailable' ? this.#outlive(identity, key) : verdict;
    }
  }

  async #isYes({ token }: Identity, question: Question): Promise<boolean> {
    if (question === ACCEPTED) {
      await this.#clearml.currentUser(token);
      return true;
    }
    return (await this.#clearml.visibleTasks(token, [question])).has(question);
  }

  #keep(key: string, verdict: 'yes' | 'no', askedAt: number): void {
    const keep = verdict === 'yes' ? this.#times.keepYes : KEEP_NO;
    this.#answers.set(key, { verdict, askedAt, keepUntil: askedAt + keep });
  }

  /** What an error of the client means for the user. Whatever is not understood is not a yes. */
  #failed(identity: Identity, error: unknown): 'revoked' | 'no' | 'unavailable' {
    const code = error instanceof RouterError ? error.code : undefined;
    if (code === 'CLEARML_UNAUTHORIZED') {
      this.refused(identity.tokenKey);
      this.#tell({ kind: 'refused', tokenKey: identity.tokenKey });
      return 'revoked';
    }
    return code === 'CLEARML_REFUSED' ? 'no' : 'unavailable';
  }

  /** Whether a yes is there that may outlive an absent server. */
  #isStaleYes(identity: Identity, key: string): boolean {
    const answer = this.#answers.peek(key);
    if (answer?.verdict !== 'yes') return false;
    const revokedAt = this.#revocations.peek(identity.tokenKey)?.at ?? Number.NEGATIVE_INFINITY;
    const lasts = this.#times.keepYes + this.#times.keepStale;
    return answer.askedAt > revokedAt && this.#now() < answer.askedAt + lasts;
  }

  #outlive(identity: Identity, key: string): 'yes' | 'unavailable' {
    const now = this.#now();
    const keepUntil = now + KEEP_UNAVAILABLE;
    const answer = this.#answers.peek(key);
    if (answer !== undefined && this.#isStaleYes(identity, key)) {
      this.#answers.set(key, { ...answer, keepUntil, outlives: true });
      return 'yes';
    }
    this.#answers.set(key, { verdict: 'unavailable', askedAt: now, keepUntil });
    return 'unavailable';
  }
}
