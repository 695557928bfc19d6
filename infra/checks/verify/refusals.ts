import { bad, good, type Finding } from '../check.ts';
import { answerOf, UPGRADE } from './ask.ts';

/** An endpoint that no task has: whoever has no token is refused before it is looked for. */
const NOWHERE = '/service/00000000000000000000000000000000/';

const FIX =
  'Look at what is between you and the router: DNS, ingress class, TLS; and at the log of the router.';

/** A browser without a session is led to a sign-in page. This is also where a certificate that does not fit is told. */
export async function sendsToSignIn(url: string): Promise<Finding> {
  const { headers, status } = await answerOf(url + NOWHERE, {
    accept: 'text/html',
    'sec-fetch-mode': 'navigate',
  });
  if ((status === 302 || status === 303) && headers.location !== undefined) {
    const { origin } = new URL(headers.location, url);
    return good(`browsers are led to ${origin}`);
  }
  return bad(`answered with ${status} and no redirect`, FIX);
}

/** A program without a token gets 401, and hears what it should have brought. */
export async function refusesProgram(url: string): Promise<Finding> {
  const { headers, status } = await answerOf(url + NOWHERE, {});
  if (status === 401 && headers['www-authenticate']?.startsWith('Bearer') === true) {
    return good('programs get 401 and WWW-Authenticate: Bearer');
  }
  return bad(`answered with ${status}, not with 401 and Bearer`, FIX);
}

/**
 * An upgrade without a token gets the router's own 401, from which a controller that refuses or drops upgrades is told by
 * its status.
 */
export async function refusesUpgrade(url: string): Promise<Finding> {
  const { status } = await answerOf(url + NOWHERE, UPGRADE);
  if (status === 401) return good('upgrades come through, and get 401');
  return bad(
    `answered with ${status}`,
    'Look whether the ingress controller carries WebSockets (ingress.controller sets what it needs).',
  );
}
