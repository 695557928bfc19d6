import type { DeviceSignIn } from '../../auth/devices/store.ts';
import { readUserCode, type UserCode } from '../../auth/devices/user_code.ts';
import { DEVICE_PATH } from '../../auth/sessions/return_path.ts';
import type { Answer } from '../../pages/answer.ts';
import type { OwnPages } from '../../pages/own_pages.ts';
import type { ActGuard } from '../acts/act_guard.ts';
import { createFormPages, type FormPagesParts, type FormPaths } from '../acts/form_pages.ts';
import type { User } from '../acts/user.ts';
import { named } from '../parts/named.ts';
import { formAnswer, pageAnswer, type Problem } from '../parts/page_assets.ts';
import type { PageAnswer } from '../parts/reply.ts';
import type { DeviceActs } from './acts.ts';
import { DEVICES_OFF, notDone } from './answers.ts';
import { ANSWER_PATH, answeredPage, confirmPage, typeCodePage, waitPage } from './page.ts';

export interface DevicePagesParts extends FormPagesParts {
  /** Undefined where computers do not sign in. */
  readonly acts: DeviceActs | undefined;
  readonly guard: ActGuard;
}

const NO_CODE: Problem = {
  status: 400,
  detail: 'That is no code: it has eight letters, such as BCDF-GHJK.',
};
const NO_ANSWER: Problem = { status: 400, detail: 'Choose one of the two answers.' };
/** How long the computer of a code is waited for, which asks every few seconds, and how often it is looked for. Milliseconds; seconds. */
const FOUND_WITHIN_MS = 20_000;
const LOOK_AGAIN_SECONDS = '2';

/** The page on which somebody lets a computer act in their name. Plain forms, taken from this page alone; nothing may frame it. */
export function createDevicePages(parts: DevicePagesParts): OwnPages {
  const pages = new DevicePages(parts);
  const paths: FormPaths<DeviceActs> = new Map([
    [
      DEVICE_PATH,
      {
        show: (acts, user, fields) => pages.show(acts, user, fields),
        act: (acts, user, fields) => pages.claim(acts, user, fields),
      },
    ],
    [
      ANSWER_PATH,
      { act: (acts, user, fields, client) => pages.answer(acts, user, fields, client) },
    ],
  ]);
  return createFormPages(
    { through: parts.acts, home: DEVICE_PATH, paths, off: DEVICES_OFF },
    parts,
  );
}

class DevicePages {
  readonly #guard: ActGuard;

  constructor({ guard }: DevicePagesParts) {
    this.#guard = guard;
  }

  async show(acts: DeviceActs, user: User, fields: URLSearchParams): Promise<PageAnswer | Answer> {
    const typed = fields.get('code');
    if (typed === null) return this.#typeCode(user, '');
    const code = readUserCode(typed);
    if (code === undefined) return this.#typeCode(user, '', NO_CODE);
    const found = await acts.look(user, code);
    if (!('status' in found)) return this.#found(user, found);
    // Nobody has typed it yet: a link brought it. Whose code it is nobody is told by looking.
    return found.status === 404 ? this.#typeCode(user, code) : found;
  }

  async claim(acts: DeviceActs, user: User, fields: URLSearchParams): Promise<PageAnswer | Answer> {
    const code = readUserCode(fields.get('code') ?? '');
    if (code === undefined) return this.#typeCode(user, '', NO_CODE);
    const claimed = await acts.claim(user, code);
    if ('status' in claimed) return this.#typeCode(user, code, claimed);
    const headers = { Location: `${DEVICE_PATH}?code=${code}` };
    return { status: 303, headers, body: undefined };
  }

  async answer(
    acts: DeviceActs,
    user: User,
    fields: URLSearchParams,
    client: string,
  ): Promise<PageAnswer | Answer> {
    const code = readUserCode(fields.get('code') ?? '');
    if (code === undefined) return this.#typeCode(user, '', NO_CODE);
    const answer = fields.get('answer');
    if (answer === 'refuse') {
      const failed = await acts.refuse(user, code, client);
      return failed === undefined
        ? this.#answered(user, 'refused')
        : this.#again(acts, user, code, failed);
    }
    if (answer !== 'allow') return this.#again(acts, user, code, NO_ANSWER);
    const refusal = await this.#guard.refusal(user, Object.fromEntries(fields), client);
    if (refusal !== undefined) return this.#again(acts, user, code, refusal);
    const failed = await acts.allow(user, code, client);
    return failed === undefined
      ? this.#answered(user, 'allowed')
      : this.#again(acts, user, code, failed);
  }

  #found(
    user: User,
    { code, device, answer, claimedAt }: DeviceSignIn,
    problem?: Problem,
  ): PageAnswer {
    if (answer !== undefined) {
      return this.#answered(user, answer === 'refused' ? answer : 'allowed');
    }
    if (device !== undefined) {
      const page = confirmPage({
        user: named(user.identity),
        problem: problem?.detail,
        code,
        device,
        ends: user.identity.expiresAt,
        asksKeys: this.#guard.asksKeys(user),
        now: Date.now(),
      });
      return formAnswer(page, problem);
    }
    if (Date.now() - claimedAt > FOUND_WITHIN_MS) {
      return this.#typeCode(user, code, notDone('not-there'));
    }
    const waits = pageAnswer(200, waitPage(this.#view(user), code));
    return { ...waits, headers: { ...waits.headers, Refresh: LOOK_AGAIN_SECONDS } };
  }

  /** The same page once more, with what kept an answer from being taken. */
  async #again(
    acts: DeviceActs,
    user: User,
    code: UserCode,
    problem: Problem,
  ): Promise<PageAnswer | Answer> {
    const found = await acts.look(user, code);
    if (!('status' in found)) return this.#found(user, found, problem);
    return this.#typeCode(user, code, problem);
  }

  #answered(user: User, answer: 'allowed' | 'refused'): PageAnswer {
    return pageAnswer(200, answeredPage(this.#view(user), answer));
  }

  #typeCode(user: User, typed: string, problem?: Problem): PageAnswer {
    return formAnswer(typeCodePage(this.#view(user, problem), typed), problem);
  }

  #view({ identity }: User, problem?: Problem) {
    return { user: named(identity), problem: problem?.detail };
  }
}
