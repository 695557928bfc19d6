import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ClearMl } from '../lab/clearml/server.ts';
import { credentials } from '../lab/clearml/seed.ts';

/** The router's program. */
export const MAIN = fileURLToPath(new URL('../../router/main.ts', import.meta.url));

type LogLine = Readonly<Record<string, unknown>>;

/** A router in a process of its own, as an operator starts it. */
export interface RouterProcess {
  readonly url: string;
  /** Undefined without HEALTH_PORT. */
  readonly healthUrl: string | undefined;
  readonly adminUrl: string;
  readonly child: ChildProcess;
  /** Every log line so far. */
  readonly lines: readonly LogLine[];
  /** All that it wrote so far, to standard output and to standard error. */
  readonly written: () => string;
  /** Resolves with the first log line, past or to come, that fits. */
  readonly logged: (fits: (line: LogLine) => boolean) => Promise<LogLine>;
  /** Resolves once /readyz answers with this status. */
  readonly readyz: (status: number) => Promise<void>;
  /** SIGTERM unless a signal was sent before (a second one would cut sessions), and waits for the end; gives the exit status. */
  readonly stop: () => Promise<number | null>;
}

/** The settings that a router needs to serve the stand-in server, on free ports of loopback. */
export function settingsFor(clearml: ClearMl): Record<string, string> {
  return {
    ROUTER_URL: 'http://router.example.test',
    CLEARML_API_HOST: clearml.url,
    CLEARML_API_ACCESS_KEY: credentials.router.accessKey,
    CLEARML_API_SECRET_KEY: credentials.router.secretKey,
    AUTH_BASE64_JWKS_KEY: clearml.signingKey.base64url,
    TASK_NETWORKS: '127.0.0.0/8',
    BIND_ADDRESS: '127.0.0.1',
    HTTP_PORT: '0',
    ADMIN_PORT: '0',
    POLL_INTERVAL: '0.1',
    DRAIN_SECONDS: '5',
  };
}

/** How a router process differs from a plain `node router/main.ts`. */
export interface ProcessOptions {
  /** Arguments of Node, before the program. */
  readonly nodeOptions?: readonly string[];
  /** The program; `router/main.ts` unless given. */
  readonly program?: string;
  /** The most descriptors that the process may have open. */
  readonly descriptors?: number;
  /** A file that takes the process's id before it begins: `cgroup.procs` of its cgroup. */
  readonly cgroup?: string;
}

/** Starts `node router/main.ts` with nothing in its environment but these settings. */
export async function startRouterProcess(
  settings: Record<string, string>,
  options: ProcessOptions = {},
): Promise<RouterProcess> {
  const { nodeOptions = [], program = MAIN, descriptors, cgroup } = options;
  const command = [process.execPath, ...nodeOptions, program];
  const first = [
    descriptors === undefined ? '' : `ulimit -n ${descriptors}; `,
    cgroup === undefined ? '' : `echo $$ >${cgroup}; `,
  ].join('');
  const [file = '', ...args] =
    first === '' ? command : ['sh', '-c', `${first}exec "$0" "$@"`, ...command];
  const child = spawn(file, args, {
    env: settings,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  let written = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    written += text;
    process.stderr.write(text);
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    written += `${text}\n`;
    lines.push(JSON.parse(text) as LogLine);
    for (const look of waiting) look();
  });
  const logged: RouterProcess['logged'] = (fits) =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const line = lines.find(fits);
        if (line === undefined) return;
        waiting.delete(look);
        resolve(line);
      };
      waiting.add(look);
      void exited.then(() => reject(new Error(`the router ended: ${JSON.stringify(lines)}`)));
      look();
    });
  const listening = await logged((line) => line['event'] === 'listening');
  const host = settings['BIND_ADDRESS'] ?? '127.0.0.1';
  const healthPort = listening['healthPort'];
  const adminUrl = `http://${host}:${String(listening['adminPort'])}`;
  return {
    url: `http://${host}:${String(listening['httpPort'])}`,
    healthUrl: typeof healthPort === 'number' ? `http://${host}:${healthPort}` : undefined,
    adminUrl,
    child,
    lines,
    written: () => written,
    logged,
    readyz: async (status) => {
      const deadline = performance.now() + 10_000;
      for (;;) {
        const answer = await fetch(`${adminUrl}/readyz`);
        const text = await answer.text();
        if (answer.status === status) return;
        if (performance.now() > deadline) throw new Error(`/readyz: ${answer.status} ${text}`);
      }
    },
    stop: async () => {
      if (child.exitCode === null && !child.killed) child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}
