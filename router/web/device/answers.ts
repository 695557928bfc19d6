import type { NotDone } from '../../auth/devices/device_sign_ins.ts';
import type { Answer } from '../../pages/answer.ts';
import { unavailable } from '../parts/refusals.ts';

export const DEVICES_OFF: Answer = {
  status: 404,
  code: 'device-sign-in-off',
  title: 'Computers do not sign in at this router',
  detail:
    'That needs a place where it is kept who may: a Kubernetes Lease (LEASE_NAME), or a file (STATE_FILE), and the sign-in switched on.',
  advice: 'Ask whoever runs the router.',
};

/** A stolen device token must not make another one, which its revocation would not reach. */
export const NOT_BY_DEVICE: Answer = {
  status: 403,
  code: 'not-by-device',
  title: 'A person has to agree',
  detail: 'A device token lets in no other computer.',
  advice: 'Open this page in a browser in which you are signed in.',
};

const TITLE = 'No computer was let in';

const NOT_DONE: Readonly<Record<NotDone, Answer>> = {
  'not-there': {
    status: 404,
    code: 'no-such-code',
    title: TITLE,
    detail:
      'No computer waits with this code: it is mistyped, has expired, or was used already. A code holds for ten minutes, and once.',
    advice: 'Begin again on that computer.',
  },
  'too-many': {
    status: 409,
    code: 'too-many',
    title: TITLE,
    detail: 'There are too many tokens of yours, or too many computers that wait; revoke some.',
  },
  unavailable: unavailable('What is kept of computers cannot be reached', 'Nothing was changed.'),
};

export function notDone(why: NotDone): Answer {
  return NOT_DONE[why];
}
