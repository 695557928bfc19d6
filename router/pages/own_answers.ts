import type { HandedOver } from '../auth/gate/decision.ts';
import type { Answer } from './answer.ts';

type RefusalStatus = 400 | 403 | 404 | 405 | 431 | 505;

const REFUSALS: Readonly<Record<RefusalStatus, Omit<Answer, 'status' | 'detail'>>> = {
  400: { code: 'bad-request', title: 'Bad request' },
  403: { code: 'not-allowed', title: 'Not allowed' },
  404: {
    code: 'not-found',
    title: 'There is nothing here for you',
    advice: 'Check the address. The first page of the router lists all that you may open.',
  },
  405: {
    code: 'method-not-allowed',
    title: 'Method not allowed',
    headers: ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'],
  },
  431: { code: 'too-many-headers', title: 'Too many headers' },
  505: { code: 'version-not-supported', title: 'HTTP version not supported' },
};

/** A request that the router does not serve, whoever sends it. `reason` is the end of a sentence. */
export function refusalAnswer(status: RefusalStatus, reason: string): Answer {
  return { status, detail: `The router refused this request: ${reason}.`, ...REFUSALS[status] };
}

/** The prefix without its slash: relative links of the app would resolve one level too high. */
export function redirectAnswer(location: string): Answer {
  return {
    status: 308,
    code: 'moved',
    title: 'Moved',
    detail: 'The address of an endpoint ends in a slash.',
    headers: ['Location', location],
  };
}

/** The last step of a sign-in on another host. */
export function handoverAnswer({ location, setCookie }: HandedOver): Answer {
  return {
    status: 302,
    code: 'signed-in',
    title: 'Signed in',
    detail: 'You are led back to where you began.',
    headers: ['Location', location, ...setCookie.flatMap((cookie) => ['Set-Cookie', cookie])],
  };
}

/** The same for what does not exist and for what the user may not see. */
export function nothingHere(detail: string): Answer {
  return { status: 404, code: 'not-found', title: 'There is nothing here for you', detail };
}

export const NO_SUCH_PAGE: Answer = refusalAnswer(404, 'there is no such page');

export const INTERNAL_ERROR: Answer = {
  status: 500,
  code: 'router-error',
  title: 'The router made an error',
  detail: 'This is neither your fault nor the task’s. The log of the router says more.',
};
