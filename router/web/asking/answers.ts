import type { Answer } from '../../pages/answer.ts';
import { nothingHere } from '../../pages/own_answers.ts';
import { MOST_ENDPOINTS } from '../../routes/asks/draft.ts';
import { badRequest, rateLimited, unavailable } from '../parts/refusals.ts';

export const BAD_ASK = badRequest(
  'Expected JSON with "task" (the id of a task), "port" (1 to 65535), "protocol" ("http" or "tcp"), and "name" (up to 64 letters, digits, "-" and single "_") if at all.',
);

export const NO_SIGN_IN: Answer = {
  status: 404,
  code: 'asking-off',
  title: 'Nothing is asked for here',
  detail: 'The sign-in of this router is switched off, so it does not know whose task is whose.',
  advice: 'A task asks in its own code.',
};

/** What an operator sets so that the router knows where tasks listen. */
export const ASKING_OFF: Answer = {
  status: 404,
  code: 'asking-off',
  title: 'This router does not know where tasks listen',
  detail:
    'It asks for a task at the address of the task’s own pod, and does not look at pods: router.verifyPods of its stack (VERIFY_TASK_PODS) is not set, which is possible in a Kubernetes cluster alone.',
  advice: 'Ask whoever runs the router. Until then a task asks in its own code.',
};

/** The same for a task that does not exist, that does not run, that is another’s. */
export const NO_SUCH_TASK: Answer = nothingHere(
  'There is no such running task, or it is not yours.',
);

export const NO_SUCH_ENDPOINT: Answer = nothingHere(
  'There is no such endpoint, or it is not one of your running tasks.',
);

function conflict(code: string, title: string, detail: string, advice: string): Answer {
  return { status: 409, code, title, detail, advice };
}

export const NAME_TAKEN = conflict(
  'name-taken',
  'The task asks for that already',
  'An endpoint of this name already asks for this protocol: the task’s own code asked, or somebody on this page.',
  'Choose another name, or withdraw the endpoint first.',
);

export const TOO_MANY_ENDPOINTS = conflict(
  'too-many-endpoints',
  'The task asks for too much',
  `A router serves ${MOST_ENDPOINTS} endpoints of a task.`,
  'Withdraw some of them first.',
);

export const TCP_OFF = conflict(
  'tcp-off',
  'TCP is off on this router',
  'TCP_ROUTER_ADDRESS and its port range are not set.',
  'Ask for HTTP, or ask whoever runs the router.',
);

export const NO_POD = conflict(
  'no-pod',
  'No pod of this task is known',
  'The router looks for the pod of the task in the namespaces of router.verifyPods (VERIFY_TASK_PODS), by its name, and found none that has an address of its own.',
  'It may be starting still: try again in a moment. A task that runs outside of these namespaces, or on its node’s network, asks in its own code.',
);

export function otherQueue(served: readonly string[]): Answer {
  return conflict(
    'other-queue',
    'This router does not serve the queue of the task',
    `It serves tasks of ${served.map((name) => `“${name}”`).join(', ')} alone (LISTEN_QUEUE_NAME), and this one did not come through it.`,
    'Ask on the page of the router that serves its queue, or start the task through such a queue.',
  );
}

export const NOT_WRITABLE = conflict(
  'not-writable',
  'ClearML did not let the router change the task',
  'The router’s own account may not write to this task; nothing is asked for.',
  'Ask whoever runs the router: its log says what ClearML said.',
);

export const PODS_UNREAD = unavailable(
  'The pods of tasks are not known yet',
  'The router has not been able to read them, so it does not know where the task listens.',
);

export const CLEARML_AWAY = unavailable(
  'ClearML does not answer',
  'The task may or may not have been changed.',
  'Try again in a moment, and look at the list of endpoints before.',
);

export const OVERWRITTEN: Answer = {
  ...CLEARML_AWAY,
  title: 'The task was written over',
  detail: 'Something else writes to the task at the same time, and what was written here was lost.',
};

export function tooOften(seconds: number): Answer {
  return rateLimited(
    seconds,
    'The router asks for and withdraws only so many endpoints at a time.',
  );
}

export function tooOftenRead(seconds: number): Answer {
  return rateLimited(seconds, 'The router asks ClearML only so often which tasks of one user run.');
}
