import { LRUCache } from 'lru-cache';
import { RouterError } from '../../errors.ts';
import type { ClearmlAuthority } from '../../clearml/clearml.ts';
import type { Identity } from '../identity/identity.ts';
import { RateLimit } from '../../load/rate_limit.ts';
import type { SignOuts } from './sign_outs.ts';

/**
 * What came of one question: ClearML's answer, `revoked` when it no longer takes the token, `unavailable` when it does not answer,
 * `over-budget` when the user has asked too often for it to be asked.
 */
export type Verdict = 'yes' | 'no' | 'revoked' | 'unavailable' | 'over-budget';

/** What ClearML is asked: whether the holder of a token may see the task of this id, or ACCEPTED. */
export type Question = string;

/** Whether ClearML still takes the token at all: asked for what is open to everybody who is signed in. */
export const ACCEPTED: Question = 'accepted';

/** One kept answer. Times in milliseconds, by a clock that does not jump. */
interface KeptVerdict {
  readonly verdict: 'yes' | 'no' | 'unavailable';
  /** When ClearML was asked, not when it answered: a right that was withdrawn in between may have been answered with yes. */
  readonly askedAt: number;
  /** Until then it is not asked again. */
  readonly keepUntil: number;
  /** A yes that ran out, and that counts on because ClearML did not answer when it was asked to renew it. */
  readonly outlives?: boolean;
}

/** ACCESS_CACHE_SECONDS and ACCESS_STALE_SECONDS, in milliseconds. */
export interface AccessTimes {
  readonly keepYes: number;
  readonly keepStale: number;
}

/** How long a no, or the refusal of a token, is kept. */
const KEEP_NO_MS = 5_000;
/** A server that does not answer is asked again soon, but not by each request. */
const KEEP_UNAVAILABLE_MS = 1_000;
/** How long a request with a kept yes waits for a server that does not answer. */
const PATIENCE_MS = 3_000;
/**
 * Questions of one user that ClearML does not answer with yes (A50). A person with many tasks never reaches the limit, since a yes is
 * given back; whoever tries out ids does. Counted by user, not by token, since a user can have any number of tokens.
 */
const QUESTIONS = { atOnce: 60, perSecond: 1 };
const ANSWERS_KEPT = 50_000;
const REVOCATIONS_KEPT = 10_000;

/**
 * Whether a user may see a task: ClearML's own answer, asked with the user's own token and kept by token and task. A question that is
 * under way is shared by all who ask it. Ids that do not exist are asked like those that do, so that neither the answer nor the
 * time that it takes tells them apart.
 */
export class AccessDecisions {
  readonly #clearml: Pick<ClearmlAuthority, 'visibleTasks' | 'currentUser'>;
  readonly #times: AccessTimes;
  readonly #now: () => number;
  readonly #signOuts: Pick<SignOuts, 'has' | 'loading'>;
  readonly #budget: RateLimit;
  readonly #answers = new LRUCache<string, KeptVerdict>({ max: ANSWERS_KEPT });
  /** When the server refused a token, by its key. */
  readonly #revokedAt = new LRUCache<string, number>({ max: REVOCATIONS_KEPT });
  readonly #underWay = new Map<string, Promise<Verdict>>();
  readonly #manyUnderWay = new Map<
    string,
    Promise<ReadonlySet<string> | 'revoked' | 'unavailable'>
  >();

  constructor(
    clearml: Pick<ClearmlAuthority, 'visibleTasks' | 'currentUser'>,
    times: AccessTimes,
    now: () => number,
    signOuts: Pick<SignOuts, 'has' | 'loading'>,
  ) {
    this.#clearml = clearml;
    this.#times = times;
    this.#now = now;
    this.#signOuts = signOuts;
    this.#budget = new RateLimit(QUESTIONS, now);
  }

  /** Without a promise when the answer is kept. */
  ask(identity: Identity, question: Question): Verdict | Promise<Verdict> {
    const { loading } = this.#signOuts;
    if (loading !== undefined) return loading.then(() => this.ask(identity, question));
    // Both parts have a fixed length, so that no two pairs make one key (GHSA-v574-6498-x57v).
    const key = identity.tokenKey + question;
    const kept = this.#kept(identity, key);
    if (kept !== undefined) return kept;
    const renews = this.#isStaleYes(identity, key);
    let asked = this.#underWay.get(key);
    if (asked === undefined) {
      if (!renews && !this.#budget.take(identity.userId)) return 'over-budget';
      asked = this.#start(identity, question, key, renews).finally(() =>
        this.#underWay.delete(key),
      );
      this.#underWay.set(key, asked);
    }
    // Where ClearML was silent the last time, the answer is not waited for: each request would wait for as long as it is silent.
    return renews && this.#answers.peek(key)?.outlives === true ? 'yes' : asked;
  }

  /**
   * Which of these tasks the user may see, with one call for all that are not kept. The ids are the router's own, not a
   * client's, and cost no budget.
   */
  async askAll(
    identity: Identity,
    taskIds: readonly string[],
  ): Promise<ReadonlySet<string> | 'revoked' | 'unavailable'> {
    await this.#signOuts.loading;
    const visible = new Set<string>();
    const unknown: string[] = [];
    for (const id of taskIds) {
      const kept = this.#kept(identity, identity.tokenKey + id);
      if (kept === 'revoked') return 'revoked';
      if (kept === 'yes') visible.add(id);
      else if (kept === undefined || kept === 'unavailable') unknown.push(id);
    }
    if (unknown.length === 0) return visible;
    // One call for all pages of one user that are asked for at a time.
    const key = identity.tokenKey + unknown.join();
    let asked = this.#manyUnderWay.get(key);
    if (asked === undefined) {
      asked = this.#askMany(identity, unknown).finally(() => this.#manyUnderWay.delete(key));
      this.#manyUnderWay.set(key, asked);
    }
    const seen = await asked;
    if (seen === 'revoked' || (seen === 'unavailable' && visible.size === 0)) return seen;
    return typeof seen === 'string' ? visible : new Set([...visible, ...seen]);
  }

  async #askMany(
    identity: Identity,
    ids: readonly string[],
  ): Promise<ReadonlySet<string> | 'revoked' | 'unavailable'> {
    const askedAt = this.#now();
    try {
      const seen = await this.#clearml.visibleTasks(identity.token, ids);
      for (const id of ids) {
        this.#keep(identity.tokenKey + id, seen.has(id) ? 'yes' : 'no', askedAt);
      }
      return new Set(ids.filter((id) => seen.has(id)));
    } catch (error) {
      const verdict = this.#failed(identity, error);
      if (verdict === 'no') return new Set();
      if (verdict === 'revoked') return verdict;
      const stale = ids.filter((id) => this.#isStaleYes(identity, identity.tokenKey + id));
      return stale.length > 0 ? new Set(stale) : 'unavailable';
    }
  }

  #kept(identity: Identity, key: string): KeptVerdict['verdict'] | 'revoked' | undefined {
    if (this.#signOuts.has(identity)) return 'revoked';
    const now = this.#now();
    const revokedAt = this.#revokedAt.get(identity.tokenKey) ?? Number.NEGATIVE_INFINITY;
    if (now < revokedAt + KEEP_NO_MS) return 'revoked';
    const answer = this.#answers.get(key);
    if (answer === undefined || now >= answer.keepUntil) return undefined;
    // ClearML refused the token after it had answered: that answer no longer counts.
    return answer.askedAt > revokedAt ? answer.verdict : undefined;
  }

  /** Asks ClearML. Where a yes only has to be renewed, its silence is waited for no longer than PATIENCE_MS. */
  #start(identity: Identity, question: Question, key: string, renews: boolean): Promise<Verdict> {
    const answered = this.#send(identity, question, key);
    if (!renews) {
      return answered.then((verdict) => {
        if (verdict === 'yes' || verdict === 'unavailable') this.#budget.giveBack(identity.userId);
        return verdict;
      });
    }
    const { promise: silent, resolve } = Promise.withResolvers<Verdict>();
    const timer = setTimeout(() => {
      resolve(this.#isStaleYes(identity, key) ? this.#outlive(identity, key) : answered);
    }, PATIENCE_MS);
    return Promise.race([answered, silent]).finally(() => clearTimeout(timer));
  }

  async #send(identity: Identity, question: Question, key: string): Promise<Verdict> {
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
    const keep = verdict === 'yes' ? this.#times.keepYes : KEEP_NO_MS;
    this.#answers.set(key, { verdict, askedAt, keepUntil: askedAt + keep });
  }

  /** What an error of the client means for the user. Whatever is not understood is not a yes. */
  #failed(identity: Identity, error: unknown): 'revoked' | 'no' | 'unavailable' {
    const code = error instanceof RouterError ? error.code : undefined;
    if (code === 'CLEARML_UNAUTHORIZED') {
      this.#revokedAt.set(identity.tokenKey, this.#now());
      return 'revoked';
    }
    return code === 'CLEARML_REFUSED' ? 'no' : 'unavailable';
  }

  /** Whether a yes is kept that counts on while ClearML does not answer: for ACCESS_STALE_SECONDS after it ran out. */
  #isStaleYes(identity: Identity, key: string): boolean {
    const answer = this.#answers.peek(key);
    if (answer?.verdict !== 'yes') return false;
    const revokedAt = this.#revokedAt.peek(identity.tokenKey) ?? Number.NEGATIVE_INFINITY;
    const lasts = this.#times.keepYes + this.#times.keepStale;
    return answer.askedAt > revokedAt && this.#now() < answer.askedAt + lasts;
  }

  /** ClearML did not answer: a yes that may count on does; else that it is away is kept for a moment. */
  #outlive(identity: Identity, key: string): 'yes' | 'unavailable' {
    const now = this.#now();
    const keepUntil = now + KEEP_UNAVAILABLE_MS;
    const answer = this.#answers.peek(key);
    if (answer !== undefined && this.#isStaleYes(identity, key)) {
      this.#answers.set(key, { ...answer, keepUntil, outlives: true });
      return 'yes';
    }
    this.#answers.set(key, { verdict: 'unavailable', askedAt: now, keepUntil });
    return 'unavailable';
  }
}
