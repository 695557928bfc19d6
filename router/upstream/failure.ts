import type { Endpoint } from '../routes/model/endpoint.ts';
import type { Answer } from '../pages/answer.ts';
import { AGAIN_SECONDS } from '../pages/waiting_page.ts';

/** Why a task did not answer; the words of the metric. */
export type FailureClass =
  | 'refused'
  | 'timeout'
  | 'reset'
  | 'protocol'
  | 'http2'
  | 'tls'
  | 'certificate'
  | 'unreachable'
  | 'other';

/** The route of a request ended, or leads elsewhere, or the router ended while the request ran. */
export class RouteEnded extends Error {
  override readonly name = 'RouteEnded';
}

/** A task said something that is not HTTP, or not HTTP that may be passed on. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
}

/** A task that answers in another protocol than it was asked in: HTTP/2, or TLS to what came without. */
export class OtherProtocol extends BadAnswer {
  readonly protocol: 'http2' | 'tls';

  constructor(protocol: 'http2' | 'tls') {
    super(protocol === 'http2' ? 'a frame of HTTP/2' : 'a record of TLS');
    this.protocol = protocol;
  }
}

/** How long a task has to take a connection. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** A task that does not take a connection in time. */
export class ConnectTimeout extends Error {
  override readonly name = 'ConnectTimeout';
}

/** A task that takes longer for the head of its answer than TASK_ANSWER_SECONDS. */
export class AnswerTimeout extends Error {
  override readonly name = 'AnswerTimeout';
}

/** A task that ended its connection before its answer was whole. */
export class TaskClosed extends Error {
  override readonly name = 'TaskClosed';
}

/** Sorts the errors of sockets and of the router's own checks. */
export function failureClass(error: unknown): FailureClass {
  if (error instanceof OtherProtocol) return error.protocol;
  if (error instanceof BadAnswer) return 'protocol';
  if (error instanceof ConnectTimeout || error instanceof AnswerTimeout) return 'timeout';
  if (error instanceof TaskClosed) return 'reset';
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return failureOfCode(code);
}

/** Tasks that are there: a certificate that does not hold is one that another task may not have, and nothing was sent before. */
const ANSWERED_WRONGLY: ReadonlySet<FailureClass> = new Set(['protocol', 'http2', 'tls', 'other']);

/**
 * Whether the task, or the way to it, was lost: another may do what this one has not begun to. One that takes long for its answer
 * is not lost, and another might take as long.
 */
export function isLoss(error: unknown): boolean {
  if (error instanceof RouteEnded) return true;
  if (error instanceof AnswerTimeout) return false;
  const failure = failureClass(error);
  return !ANSWERED_WRONGLY.has(failure);
}

/** Sorts the codes of the system's errors and Node's. */
export function failureOfCode(code: string): FailureClass {
  switch (code) {
    case 'ECONNREFUSED':
      return 'refused';
    case 'ECONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return 'timeout';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
    case 'EACCES':
      return 'unreachable';
    case 'EPROTO':
      return 'tls';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'reset';
    default:
      if (
        /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/.test(code)
      ) {
        return 'certificate';
      }
      if (code.startsWith('ERR_SSL_')) return 'tls';
      return code.startsWith('HPE_') || code.startsWith('ERR_HTTP') || code === 'ERR_INVALID_CHAR'
        ? 'protocol'
        : 'other';
  }
}

const STILL_STARTING =
  'If the task has just started, wait until its app listens. Otherwise look at the console of the task in ClearML: the app may have stopped, or may listen on another port or on 127.0.0.1 only.';

/** What each failure means for whoever wants to use the task. */
export const FAILURE_DETAILS: Readonly<Record<FailureClass, string>> = {
  refused: 'The task is running, but nothing listens at the address that it gave.',
  timeout: 'The task is running, but does not answer at the address that it gave.',
  unreachable: 'The router has no way to the address that the task gave.',
  reset: 'The task closed the connection before it had answered.',
  protocol: 'The task answered with something that is not valid HTTP.',
  http2:
    'The task answered HTTP/1.1 with HTTP/2, and speaks nothing else, as servers of gRPC do. The router speaks HTTP/1.1 to tasks.',
  tls: 'The router and the task do not agree on TLS: a task that speaks HTTPS says so by router_scheme, and one that does not must not.',
  certificate: 'The certificate of the task is not one that this router trusts.',
  other: 'The connection to the task failed.',
};

/** What to do, where it is known better than to wait and to look. */
const FAILURE_ADVICE: Readonly<Partial<Record<FailureClass, string>>> = {
  http2:
    'Have the app speak HTTP/1.1 as well, or ask for TCP access, whose ports and tunnels carry everything.',
  tls: 'Set router_scheme of the task to https where its app speaks HTTPS, and remove it where it does not.',
  certificate:
    'It has to come from an authority that whoever runs the router has named (router.taskCa), for the address of the task or the host of the router, and must not be over.',
};

const AGAIN = ['Retry-After', String(AGAIN_SECONDS)];

/** For a task at whose address nothing listens: it may at any moment. */
export const REFUSED: Answer = {
  status: 503,
  code: 'task-refused',
  title: 'The task does not listen',
  detail: FAILURE_DETAILS.refused,
  advice: STILL_STARTING,
  headers: AGAIN,
};

/** The page for a task that is known but did not answer: the fault lies with the task, not with the user or the router. */
export function failureAnswer(failure: FailureClass): Answer {
  if (failure === 'refused') return REFUSED;
  return {
    status: failure === 'timeout' ? 504 : 502,
    code: `task-${failure === 'other' ? 'failed' : failure}`,
    title: 'The task does not answer',
    detail: FAILURE_DETAILS[failure],
    advice: FAILURE_ADVICE[failure] ?? STILL_STARTING,
  };
}

/** The page for a request whose route ended while it waited. */
export const ROUTE_ENDED: Answer = {
  status: 502,
  code: 'task-ended',
  title: 'The task has ended',
  detail: 'The task that served this address stopped while the request was on its way.',
  advice: 'Start the task again, or look at its console in ClearML.',
};

/** The page for an endpoint that has no open way in; undefined where it has one. Only for users who may see the task. */
export function closedRouteAnswer(endpoint: Endpoint): Answer | undefined {
  const route = endpoint.http;
  if (route === undefined) {
    return {
      status: 404,
      code: 'no-http',
      title: 'This endpoint is not a web page',
      detail: 'The task asked for TCP access only.',
      advice: 'Connect to its TCP port; the list of your endpoints names it.',
    };
  }
  if (route.state === 'open') return undefined;
  if (route.state === 'waiting') {
    return {
      status: 503,
      code: 'task-starting',
      title: 'The task is starting',
      detail: 'The task has asked for access, but has not yet said where it listens.',
      advice: 'Try again in a moment.',
      headers: AGAIN,
    };
  }
  return {
    status: 502,
    code: 'task-not-served',
    title: 'The task cannot be reached',
    detail: `The router does not serve what this task asked for: ${route.reason}.`,
    advice: 'Correct what the task asks for, or tell whoever runs the router.',
  };
}
