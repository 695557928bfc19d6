import type { Credentials } from '../clearml/records.ts';
import { credentials } from '../clearml/seed.ts';
import type { Reachable } from './reachable.ts';
import { findProgram } from '../search_path.ts';

/** A line that a person can paste into a shell. */
export interface ShellLine {
  readonly title: string;
  readonly command: string;
}

/** What a person does next with a run. */
export interface NextSteps {
  /** To open in a browser. */
  readonly endpoint: string;
  /** To sign in with, on the router's own page. */
  readonly owner: Credentials;
  /** The router's own page: all endpoints of whoever signs in. */
  readonly list: string;
  /** Sees everybody's there. */
  readonly administrator: Credentials;
  /** Sets `TOKEN` for the lines after it. */
  readonly token: ShellLine;
  readonly cookie: ShellLine;
  readonly bearer: ShellLine;
  readonly colleague: ShellLine;
  /** Lets nobody but the owner in, from the router's next look on. */
  readonly narrow: ShellLine;
  readonly tcp: ShellLine;
}

/** The lines for a run. All of them work as they are, in one shell, in this order. */
export async function nextSteps(session: Reachable): Promise<NextSteps> {
  const { clearml, answers, samples } = session;
  const tokenOf = (keys: Credentials): string =>
    `$(curl -sS -X POST -u ${keys.accessKey}:${keys.secretKey} ${clearml.url}/auth.login | ` +
    `sed 's/.*"token": *"\\([^"]*\\)".*/\\1/')`;
  const narrowing = { task: samples.web.taskId, add_or_update: { router_access: 'owner' } };
  const { endpoint, tcpAddress, tcpPort } = answers;
  return {
    endpoint,
    owner: credentials.alice,
    list: new URL('/', endpoint).href,
    administrator: credentials.admin,
    token: {
      title: 'Get a token of ClearML, as alice',
      command: `TOKEN=${tokenOf(credentials.alice)}`,
    },
    cookie: {
      title: 'The web app, with the cookie that a browser would send',
      command: `curl -sS --cookie "${clearml.cookieName}=$TOKEN" ${endpoint}`,
    },
    bearer: {
      title: 'The web app, as a program calls it',
      command: `curl -sS -H "Authorization: Bearer $TOKEN" ${endpoint}`,
    },
    colleague: {
      title: 'The same as bob, a colleague who may see the task in ClearML',
      command: `curl -sS -H "Authorization: Bearer ${tokenOf(credentials.bob)}" ${endpoint}`,
    },
    narrow: {
      title:
        'Keep it for alice alone, as an open-source server would have it: bob gets 404 after a few seconds',
      command:
        `curl -sS -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' ` +
        `-d '${JSON.stringify(narrowing)}' ${clearml.url}/tasks.edit_runtime`,
    },
    tcp: {
      title: 'The TCP service; its port knows no sign-in',
      command:
        (await findProgram('nc')) === undefined
          ? `exec 3<>/dev/tcp/${tcpAddress}/${tcpPort} && echo hello >&3 && head -n 2 <&3`
          : `echo hello | nc -w 2 ${tcpAddress} ${tcpPort}`,
    },
  };
}

/** The steps as text, in two blocks: what to open, and what to paste. */
export function printedSteps(steps: NextSteps): string {
  const lines = [steps.token, steps.cookie, steps.bearer, steps.tcp, steps.colleague, steps.narrow];
  return [
    '',
    '── Open this in a browser on this machine ──',
    '',
    ...page("The web app of alice's task", steps.endpoint, steps.owner),
    '',
    ...page('All endpoints, as an administrator', steps.list, steps.administrator),
    '',
    '── Or paste this into a shell ──',
    '',
    ...lines.flatMap(({ title, command }) => [`    # ${title}`, `    ${command}`]),
    '',
  ].join('\n');
}

/** The sign-in page asks for ClearML's access key and secret key. */
function page(title: string, url: string, keys: Credentials): readonly string[] {
  return [
    `    ${title}`,
    `        URL         ${url}`,
    `        Access key  ${keys.accessKey}   (the user name)`,
    `        Secret key  ${keys.secretKey}   (the password)`,
  ];
}
