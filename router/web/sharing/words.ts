import { narrower, type EndpointLevel } from '../../grammar/access_level.ts';
import type { Answer } from '../../pages/answer.ts';
import { nothingHere } from '../../pages/own_answers.ts';
import { badRequest, rateLimited, unavailable } from '../parts/refusals.ts';

export const SHARING_OFF: Answer = {
  status: 404,
  code: 'sharing-off',
  title: 'This router shares nothing',
  detail:
    'What owners give needs a place where it is kept: a Kubernetes Lease (LEASE_NAME), or a file (STATE_FILE), and the sign-in switched on.',
  advice: 'Ask whoever runs the router.',
};

export const NO_SUCH_ENDPOINT = nothingHere(
  'There is no such endpoint, or it is not yours: owners alone give what is theirs.',
);

export const NO_SUCH_PROJECT = nothingHere(
  'None of your running tasks is in a project of this name.',
);

export const NO_SUCH_GRANT: Answer = {
  status: 404,
  code: 'not-found',
  title: 'No such grant',
  detail: 'You have given nothing of this id.',
};

export const TOO_MANY_GRANTS: Answer = {
  status: 409,
  code: 'too-many',
  title: 'Too much is shared',
  detail: 'There is no room for more of what you share; take some of it back first.',
};

export const GRANTS_AWAY = unavailable('What is shared cannot be reached', 'Nothing was changed.');

export const PEOPLE_AWAY: Answer = {
  ...unavailable(
    'ClearML does not answer',
    'The router cannot ask the ClearML server which users there are. Nothing was changed.',
    'Try again in a moment; if it lasts, tell whoever runs the ClearML server.',
  ),
  code: 'clearml-unavailable',
};

export const GUESTS_OFF: Answer = {
  status: 400,
  code: 'guests-off',
  title: 'No guests here',
  detail: 'This router lets in no guests: ACCESS_GUESTS (router.access.guests) is off.',
  advice: 'Ask whoever runs the router.',
};

export const GUESTS_OF_PROJECT = badRequest(
  'A link that lets in guests is for one endpoint, not for a project.',
);

export const GUESTS_TOO_LONG = badRequest(
  'A link that lets in guests ends after 7 days (604800 seconds) at the latest.',
);

export function triedTooOften(seconds: number, detail: string): Answer {
  return rateLimited(seconds, detail, 'Too many requests', 'Wait a moment, then try again.');
}

const GIVEN_AT_MOST: Readonly<Record<EndpointLevel, string>> = {
  owner: 'nobody but its owner may use it, whatever the owner gives',
  people: 'it may be given to users by name and by links, not to everybody',
  visible: 'it may be given to everybody who may see its task',
};

/** Undefined where an owner may give this much; else who says that they may not: the task, or the operator. */
export function tooWide(
  wanted: EndpointLevel,
  taskLevel: EndpointLevel | undefined,
  widest: EndpointLevel,
): Answer | undefined {
  const refused = {
    status: 403,
    code: 'wider-than-allowed',
    title: 'This cannot be given',
  } as const;
  if (narrower(widest, wanted) !== wanted) {
    const detail = `ACCESS_WIDEST of this router (router.access.widest) is "${widest}": of an endpoint it says that ${GIVEN_AT_MOST[widest]}.`;
    return { ...refused, detail, advice: 'Ask whoever runs the router.' };
  }
  if (taskLevel !== undefined && narrower(taskLevel, wanted) !== wanted) {
    const detail = `The task says "router_access": "${taskLevel}" of this endpoint: ${GIVEN_AT_MOST[taskLevel]}.`;
    return { ...refused, detail, advice: 'Start the task without it, or with a wider level.' };
  }
  return undefined;
}
