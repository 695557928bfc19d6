import type { DenialReason } from '../auth/gate/decision.ts';
import type { Answer } from '../pages/answer.ts';
import { denialAnswer } from '../pages/denial_answers.ts';
import { ROUTE_ENDED } from '../upstream/failure.ts';

/** RFC 6455 section 7.4.1. */
const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;

/** Why an upgrade, or what it has become, is ended by the router, and what its client hears. */
export interface Ending {
  /** For the access log. */
  readonly reason: string;
  /** Where nothing was answered yet. */
  readonly answer: Answer;
  /** Where it is a WebSocket. */
  readonly code: number;
  readonly words: string;
}

export const TASK_ENDED: Ending = {
  reason: 'task-ended',
  answer: ROUTE_ENDED,
  code: GOING_AWAY,
  words: 'the task has ended',
};

export const ROUTER_STOPS: Ending = {
  reason: 'router-stops',
  answer: {
    status: 503,
    code: 'router-stops',
    title: 'The router stops',
    detail: 'This router is about to stop, and the task has not answered yet.',
    advice: 'Try again: another router takes over.',
    headers: ['Retry-After', '1'],
  },
  code: GOING_AWAY,
  words: 'the router stops',
};

function statusOf(reason: DenialReason): 401 | 404 | 503 {
  switch (reason) {
    case 'token-expired':
    case 'token-revoked':
      return 401;
    case 'clearml-unavailable':
      return 503;
    default:
      return 404;
  }
}

/** The gate takes its word back. */
export function withdrawal(reason: DenialReason): Ending {
  if (reason === 'unknown-endpoint') return TASK_ENDED;
  const status = statusOf(reason);
  const retry = status === 503 ? { retryAfter: 1 } : {};
  return {
    reason,
    answer: denialAnswer({ outcome: 'denied', status, reason, ...retry }),
    code: POLICY_VIOLATION,
    words: 'access to this task was withdrawn',
  };
}
