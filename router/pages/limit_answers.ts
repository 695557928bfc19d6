import type { Excess } from '../load/load_guard.ts';
import type { Answer } from './answer.ts';

const AGAIN = ['Retry-After', '1'];
/** Overload takes a few seconds to pass. */
const LATER = ['Retry-After', '5'];

const FULL: Omit<Answer, 'code'> = {
  status: 503,
  title: 'The router is full',
  detail: 'The router has as much open as it is allowed. Your task is not the cause.',
  advice: 'Try again in a moment; if it lasts, tell whoever runs the router.',
  headers: AGAIN,
};
const YOURS: Omit<Answer, 'code'> = {
  status: 429,
  title: 'Too much at once',
  detail: 'You have as much open at this router as one user is allowed.',
  advice: 'Close some of it, or wait until it has ended.',
  headers: AGAIN,
};
const OF_ADDRESS: Omit<Answer, 'code'> = {
  ...YOURS,
  detail: 'Your address has as much open at this router as one address is allowed.',
};
const OF_TASK: Omit<Answer, 'code'> = {
  status: 503,
  title: 'The task is busy',
  detail: 'This task has as much open as the router allows for one task.',
  advice: 'Try again in a moment.',
  headers: AGAIN,
};

const WORDS: Readonly<Record<Excess, Omit<Answer, 'code'>>> = {
  overload: {
    ...FULL,
    title: 'The router is overloaded',
    detail:
      'The router has more work than it can do, and takes on nothing new until it has caught up.',
    headers: LATER,
  },
  memory: {
    ...FULL,
    detail:
      'The router holds as much for its users as its memory allows. Your task is not the cause.',
  },
  'memory-per-user': {
    ...YOURS,
    detail:
      'The router holds as much for you as it holds for one user: bytes that you, or your tasks, do not read.',
  },
  connections: FULL,
  'waiting-heads': FULL,
  'connections-per-address': OF_ADDRESS,
  requests: FULL,
  'requests-per-user': YOURS,
  'requests-per-task': OF_TASK,
  'requests-per-address': OF_ADDRESS,
  websockets: FULL,
  'websockets-per-user': YOURS,
  'websockets-per-task': OF_TASK,
  'websockets-per-address': OF_ADDRESS,
};

/** What the client hears: 429 where it is the client's own doing, else 503; both say when to come back (RFC 6585, RFC 9110). */
export function limitAnswer(excess: Excess): Answer {
  return { code: excess, ...WORDS[excess] };
}
