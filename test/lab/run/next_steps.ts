import { credentials } from '../clearml/seed.ts';
import type { Session } from './session.ts';
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
  readonly accessKey: string;
  readonly secretKey: string;
  /** Sets `TOKEN` for the lines after it. */
  readonly token: ShellLine;
  readonly cookie: ShellLine;
  readonly bearer: ShellLine;
  readonly tcp: ShellLine;
}

/** The lines for a run. All of them work as they are, in one shell, in this order. */
export async function nextSteps(session: Session): Promise<NextSteps> {
  const { clearml, answers } = session;
  const { accessKey, secretKey } = credentials.alice;
  const { endpoint, tcpAddress, tcpPort } = answers;
  return {
    endpoint,
    accessKey,
    secretKey,
    token: {
      title: 'Get a token of ClearML, as alice',
      command:
        `TOKEN=$(curl -sS -X POST -u ${accessKey}:${secretKey} ${clearml.url}/auth.login | ` +
        `sed 's/.*"token": *"\\([^"]*\\)".*/\\1/')`,
    },
    cookie: {
      title: 'The web app, with the cookie that a browser would send',
      command: `curl -sS --cookie "${clearml.cookieName}=$TOKEN" ${endpoint}`,
    },
    bearer: {
      title: 'The web app, as a program calls it',
      command: `curl -sS -H "Authorization: Bearer $TOKEN" ${endpoint}`,
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

/** The steps as text. */
export function printedSteps(steps: NextSteps): string {
  const lines = [steps.token, steps.cookie, steps.bearer, steps.tcp];
  return [
    '',
    'Open this in a browser on this machine, and sign in with the access key and secret key of alice:',
    `    ${steps.endpoint}`,
    `    ${steps.accessKey}  ${steps.secretKey}`,
    '',
    'Or paste this into a shell:',
    ...lines.flatMap(({ title, command }) => [`    # ${title}`, `    ${command}`]),
    '',
  ].join('\n');
}
