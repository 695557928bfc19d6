import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { WebSocket } from 'ws';

import { login } from '../clearml/client.ts';
import { credentials } from '../clearml/seed.ts';
import { run } from '../command.ts';
import { LabError } from '../errors.ts';
import type { NextSteps, ShellLine } from './next_steps.ts';
import type { Session } from './session.ts';

/** One thing that has to be true of a run; throws where it is not. */
export interface Check {
  readonly title: string;
  readonly perform: () => Promise<void>;
}

const TIMEOUT_MS = 15_000;

/** What the sample TCP service says first. */
const TCP_GREETING = 'hello from the sample task\n';

/** What the sample web app's page says. */
const PAGE_MARK = '<h1>Sample task</h1>';

function expect(holds: boolean, problem: string): void {
  if (!holds) throw new LabError('CHECK_FAILED', problem);
}

function paste(before: readonly ShellLine[], line: ShellLine): Promise<string> {
  const commands = [...before, line].map(({ command }) => command);
  return run('bash', ['-euo', 'pipefail', '-c', commands.join('\n')], { timeoutMs: TIMEOUT_MS });
}

function lineCheck(line: ShellLine, before: readonly ShellLine[], answer: string): Check {
  return {
    title: `Printed line: ${line.title}`,
    async perform() {
      const output = await paste(before, line);
      expect(output.includes(answer), `${line.command}\nprints: ${output.slice(0, 500)}`);
    },
  };
}

async function get(url: string, headers: Readonly<Record<string, string>>): Promise<Response> {
  return fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
}

async function expectDenied(response: Response, status: number): Promise<void> {
  const text = await response.text();
  expect(response.status === status, `status ${response.status} instead of ${status}`);
  expect(!text.includes(PAGE_MARK), "the answer holds the task's page");
}

/** Opens a WebSocket of the web app, and gives what it says to `message`; `refused` where the upgrade was denied. */
async function webSocketEcho(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  message: string,
): Promise<string> {
  const url = `${endpoint.replace(/^http/, 'ws')}echo`;
  const socket = new WebSocket(url, { headers, handshakeTimeout: TIMEOUT_MS });
  const closed = once(socket, 'close');
  try {
    const refused = once(socket, 'unexpected-response').then(() => 'refused');
    const echoed = once(socket, 'open').then(async () => {
      socket.send(message);
      const [data] = (await once(socket, 'message')) as [Buffer];
      return data.toString('utf8');
    });
    return await Promise.race([refused, echoed]);
  } finally {
    socket.on('error', () => undefined);
    socket.terminate();
    await Promise.race([closed, sleep(1000)]);
  }
}

/** Sends bytes to the TCP service and gives what came back, up to its end. */
async function tcpEcho(address: string, port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ host: address, port, timeout: TIMEOUT_MS });
  socket.on('timeout', () => socket.destroy(new Error('no answer in time')));
  try {
    await once(socket, 'connect');
    socket.end(bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } finally {
    socket.destroy();
  }
}

/** Everything that a person can do with a run, and what nobody may. */
export function checksOf(session: Session, steps: NextSteps): readonly Check[] {
  const { clearml, answers } = session;
  const { endpoint, tcpAddress, tcpPort } = answers;
  const tokenOf = (user: 'alice' | 'mallory'): Promise<string> =>
    login(clearml.url, credentials[user]);
  const cookieOf = async (user: 'alice' | 'mallory'): Promise<string> =>
    `${clearml.cookieName}=${await tokenOf(user)}`;

  return [
    {
      title: `Printed line: ${steps.token.title}`,
      async perform() {
        const output = await paste([steps.token], { title: '', command: 'echo "$TOKEN"' });
        expect(/^ey[\w-]+\.[\w-]+\.[\w-]+\s*$/.test(output), `prints: ${output.slice(0, 200)}`);
      },
    },
    lineCheck(steps.cookie, [steps.token], PAGE_MARK),
    lineCheck(steps.bearer, [steps.token], PAGE_MARK),
    lineCheck(steps.tcp, [], TCP_GREETING),
    {
      title: 'A browser without a session is sent to sign in',
      async perform() {
        const response = await get(endpoint, { accept: 'text/html' });
        const location = response.headers.get('location') ?? '';
        expect([302, 303].includes(response.status), `status ${response.status}`);
        const page = await get(new URL(location, endpoint).href, { accept: 'text/html' });
        const text = await page.text();
        expect(
          page.status === 200 && text.includes('access_key'),
          `no sign-in page at ${location}`,
        );
      },
    },
    {
      title: 'A program without a token gets 401',
      async perform() {
        const response = await get(endpoint, { accept: '*/*' });
        const challenge = response.headers.get('www-authenticate') ?? '';
        expect(challenge.startsWith('Bearer'), 'WWW-Authenticate does not ask for Bearer');
        await expectDenied(response, 401);
      },
    },
    {
      title: 'A token with a wrong signature gets 401',
      async perform() {
        const token = await tokenOf('alice');
        const [header = '', claims = '', signature = ''] = token.split('.');
        const forged = `${header}.${claims}.${signature.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`;
        await expectDenied(await get(endpoint, { authorization: `Bearer ${forged}` }), 401);
      },
    },
    {
      title: 'A user of another company gets 404',
      async perform() {
        const authorization = `Bearer ${await tokenOf('mallory')}`;
        await expectDenied(await get(endpoint, { authorization }), 404);
      },
    },
    {
      title: 'The task learns who calls, and not their token',
      async perform() {
        const token = await tokenOf('alice');
        const cookie = `${clearml.cookieName}=${token}`;
        const response = await get(`${endpoint}request`, { cookie });
        const text = await response.text();
        expect(text.includes('x-clearml-user-id'), `no user in what arrived: ${text}`);
        expect(!text.includes(token), "the user's token arrived at the task");
      },
    },
    {
      title: 'A WebSocket carries messages',
      async perform() {
        const headers = { cookie: await cookieOf('alice'), origin: new URL(endpoint).origin };
        const message = randomBytes(8).toString('hex');
        const answer = await webSocketEcho(endpoint, headers, message);
        expect(answer.includes(message), `the answer is: ${answer}`);
      },
    },
    {
      title: 'A WebSocket without a token is refused',
      async perform() {
        const answer = await webSocketEcho(endpoint, {}, 'hello');
        expect(answer === 'refused', `the answer is: ${answer}`);
      },
    },
    {
      title: 'TCP carries a megabyte, byte for byte',
      async perform() {
        const sent = randomBytes(1024 * 1024);
        const received = await tcpEcho(tcpAddress, tcpPort, sent);
        const expected = Buffer.concat([Buffer.from(TCP_GREETING), sent]);
        expect(expected.equals(received), `${received.length} bytes came back, not the same`);
      },
    },
  ];
}
