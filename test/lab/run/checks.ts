import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';

import { request } from 'undici';
import { WebSocket } from 'ws';

import { changeTask } from '../clearml/asks.ts';
import { login } from '../clearml/client.ts';
import { credentials, ids, type SeedUserName } from '../clearml/seed.ts';
import { run } from '../command.ts';
import { LabError } from '../errors.ts';
import type { NextSteps, ShellLine } from './next_steps.ts';
import { waitFor } from './kubernetes/wait.ts';
import type { Reachable } from './reachable.ts';

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

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Not by `fetch`, which sends `Sec-Fetch-Mode` and so is never taken for a browser's navigation. */
async function get(url: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const response = await request(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
  const text = await response.body.text();
  return { status: response.statusCode, headers: response.headers, text };
}

function expectDenied({ status, text }: Answer, wanted: number): void {
  expect(status === wanted, `status ${status} instead of ${wanted}`);
  expect(!text.includes(PAGE_MARK), "the answer holds the task's page");
}

/** Sends a message over a WebSocket of the web app, and gives what comes back; a denied upgrade gives its status instead. */
function webSocketEcho(
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  message: string,
): Promise<string | number | undefined> {
  const url = `${endpoint.replace(/^http/, 'ws')}echo`;
  const socket = new WebSocket(url, { headers, handshakeTimeout: TIMEOUT_MS });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('unexpected-response', (outgoing, answer) => {
      resolve(answer.statusCode);
      outgoing.destroy();
    });
    socket.on('open', () => socket.send(message));
    socket.on('message', (data: Buffer) => {
      resolve(data.toString('utf8'));
      socket.close();
    });
    socket.on('close', () => reject(new Error('the WebSocket was closed without an answer')));
  });
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
export function checksOf(session: Reachable, steps: NextSteps): readonly Check[] {
  const { clearml, answers, samples } = session;
  const { endpoint, tcpAddress, tcpPort } = answers;
  const tokenOf = (user: SeedUserName): Promise<string> => login(clearml.url, credentials[user]);

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
      title: `Printed line: ${steps.colleague.title}`,
      async perform() {
        // An earlier round of these checks hid the task from him.
        clearml.state.restrictTask(samples.web.taskId, undefined);
        const output = await paste([], steps.colleague);
        expect(output.includes(PAGE_MARK), `prints: ${output.slice(0, 500)}`);
      },
    },
    {
      title: `Printed line: ${steps.narrow.title}`,
      async perform() {
        const authorization = `Bearer ${await tokenOf('bob')}`;
        const becomes = (wanted: number): Promise<void> =>
          waitFor(
            TIMEOUT_MS / 1000,
            async () => (await get(endpoint, { authorization })).status === wanted || undefined,
            async () => `bob does not get ${wanted}`,
          ).then(() => undefined);
        const { runtime } = clearml.state.task(samples.web.taskId) ?? {};
        await paste([steps.token], steps.narrow);
        try {
          await becomes(404);
          const owner = `Bearer ${await tokenOf('alice')}`;
          const { status } = await get(endpoint, { authorization: owner });
          expect(status === 200, `status ${status} instead of 200 for the owner`);
        } finally {
          changeTask(clearml, samples.web.taskId, { runtime });
        }
        await becomes(200);
      },
    },
    {
      title: 'A browser without a session is sent to sign in',
      async perform() {
        const { status, headers } = await get(endpoint, { accept: 'text/html' });
        const location = String(headers['location']);
        expect([302, 303].includes(status), `status ${status}`);
        const page = await get(new URL(location, endpoint).href, { accept: 'text/html' });
        const found = page.status === 200 && page.text.includes('access_key');
        expect(found, `there is no sign-in page at ${location}`);
      },
    },
    {
      title: 'A program without a token gets 401',
      async perform() {
        const answer = await get(endpoint, { accept: '*/*' });
        const challenge = String(answer.headers['www-authenticate']);
        expect(challenge.startsWith('Bearer'), `WWW-Authenticate is ${challenge}`);
        expectDenied(answer, 401);
      },
    },
    {
      title: 'A token with a wrong signature gets 401',
      async perform() {
        const token = await tokenOf('alice');
        const [header = '', claims = '', signature = ''] = token.split('.');
        const other = signature.startsWith('A') ? 'B' : 'A';
        const forged = `${header}.${claims}.${other}${signature.slice(1)}`;
        expectDenied(await get(endpoint, { authorization: `Bearer ${forged}` }), 401);
      },
    },
    {
      title: 'A user of another company gets 401',
      async perform() {
        const authorization = `Bearer ${await tokenOf('mallory')}`;
        expectDenied(await get(endpoint, { authorization }), 401);
      },
    },
    {
      title: 'A colleague who may not see the task gets 404',
      async perform() {
        clearml.state.restrictTask(samples.web.taskId, [ids.alice]);
        const authorization = `Bearer ${await tokenOf('bob')}`;
        expectDenied(await get(endpoint, { authorization }), 404);
      },
    },
    {
      title: 'The task learns who calls, and not their token',
      async perform() {
        const token = await tokenOf('alice');
        const cookie = `${clearml.cookieName}=${token}`;
        const { text } = await get(`${endpoint}request`, { cookie });
        expect(text.includes('x-clearml-user-id'), `no user in what arrived: ${text}`);
        expect(!text.includes(token), "the user's token arrived at the task");
      },
    },
    {
      title: 'A WebSocket carries messages',
      async perform() {
        const cookie = `${clearml.cookieName}=${await tokenOf('alice')}`;
        const message = randomBytes(8).toString('hex');
        const { origin } = new URL(endpoint);
        const answer = await webSocketEcho(endpoint, { cookie, origin }, message);
        expect(answer === message, `the answer is ${answer}`);
      },
    },
    {
      title: 'A WebSocket without a token is refused',
      async perform() {
        const answer = await webSocketEcho(endpoint, {}, 'hello');
        expect(answer === 401, `the answer is ${answer}`);
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
