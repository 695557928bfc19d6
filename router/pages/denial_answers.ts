import type { Denied, DenialReason } from '../auth/gate/decision.ts';
import type { Answer } from './answer.ts';
import { goneAnswer } from './gone_answers.ts';

type Words = Pick<Answer, 'title' | 'detail' | 'advice'>;

const SIGN_IN: Words = {
  title: 'Sign in first',
  detail:
    'This address belongs to a ClearML task, and the request carries no ClearML token that holds.',
  advice: 'Open it in a browser to sign in, or send a token: "Authorization: Bearer <token>".',
};

/** The same for what does not exist and for what this user may not see: the difference is nobody's business. */
const NOTHING_HERE: Words = {
  title: 'There is nothing here for you',
  detail: 'No running task serves this address, or your ClearML account may not see the task.',
  advice:
    'Check the address, that the task is still running, and with which account you are signed in.',
};

const UNAVAILABLE: Words = {
  title: 'ClearML does not answer',
  detail:
    'The router cannot ask the ClearML server whether you may see this task. The task itself is not the cause.',
  advice: 'Try again in a moment; if it lasts, tell whoever runs the ClearML server.',
};

const WORDS: Readonly<Record<DenialReason, Words>> = {
  'no-token': SIGN_IN,
  'token-invalid': SIGN_IN,
  'token-expired': {
    ...SIGN_IN,
    title: 'Sign in again',
    detail: 'Your ClearML token has expired.',
  },
  'token-revoked': {
    ...SIGN_IN,
    title: 'Sign in again',
    detail: 'ClearML no longer accepts your token.',
  },
  'not-visible': NOTHING_HERE,
  'unknown-endpoint': NOTHING_HERE,
  // Those who had the right to what was there are told more.
  'task-ended': NOTHING_HERE,
  'task-queued': NOTHING_HERE,
  'task-starting': NOTHING_HERE,
  'not-asked': NOTHING_HERE,
  'cross-site': {
    title: 'Refused: sent by another site',
    detail: 'Another site made your browser send this request with your cookie.',
    advice: 'Open the address itself instead of following that site.',
  },
  'foreign-origin': {
    title: 'Refused: sent by another site',
    detail: 'The Origin of this request is not the address that it goes to.',
    advice: 'Connect from a page of the task itself, or use a Bearer token.',
  },
  'clearml-unavailable': UNAVAILABLE,
  'not-ready': {
    title: 'The router is starting',
    detail: 'The router has not yet been able to ask ClearML which tasks run.',
    advice: 'Try again in a moment; if it lasts, look at the log of the router.',
  },
  'rate-limited': {
    title: 'Too many requests',
    detail: 'You have asked for too many tasks that do not exist, or that you may not see.',
    advice: 'Wait a moment, then try again.',
  },
  'too-many-cookies': {
    title: 'Too many cookies',
    detail: 'The request carries more sign-in cookies than the router tries.',
    advice: 'Clear the cookies of this site and sign in again.',
  },
  'sign-in-spent': {
    title: 'This sign-in was not completed',
    detail: 'Its link was used before, is too old, or belongs to another browser.',
    advice: 'Open the address of the task again.',
  },
};

/** What the client of a denied request is told. */
export function denialAnswer(denied: Denied): Answer {
  const headers: string[] = [];
  if (denied.location !== undefined) headers.push('Location', denied.location);
  if (denied.status === 401) headers.push('WWW-Authenticate', 'Bearer');
  if (denied.retryAfter !== undefined) {
    headers.push('Retry-After', String(Math.max(1, Math.ceil(denied.retryAfter))));
  }
  for (const cookie of denied.setCookie ?? []) headers.push('Set-Cookie', cookie);
  if (denied.gone !== undefined) return { ...goneAnswer(denied.gone, denied.status), headers };
  // What is the same for both must also look the same to programs.
  const code = denied.status === 404 ? 'not-found' : denied.reason;
  return { status: denied.status, code, ...WORDS[denied.reason], headers };
}
