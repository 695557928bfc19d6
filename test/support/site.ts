import type { AddressInfo } from 'node:net';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { RouteTable } from '../../router/routes/model/table.ts';
import { Activity } from '../../router/activity/activity.ts';
import { createOwnPages, type WebParts } from '../../router/web/web.ts';
import { AskedTasks } from './asked_tasks.ts';
import type { Lab } from './auth_fixture.ts';
import { lab } from './auth_fixture.ts';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Name and value of each cookie that was set. */
  readonly cookies: ReadonlyMap<string, string>;
}

/** The auth room's own pages on a real server. */
export interface Site extends Lab {
  readonly activity: Activity;
  /** What is asked for in place of the code of tasks. */
  readonly tasks: AskedTasks;
  /** Where the server is; links on its pages lead to ROUTER_URL. */
  readonly url: string;
  readonly ask: (
    method: string,
    path: string,
    headers?: Record<string, string>,
    body?: string,
  ) => Promise<Reply>;
  readonly close: () => void;
}

/** A server of these pages alone, on a free port of loopback; 404 for what none of them answers. */
export async function listenFor(handlers: ReturnType<typeof createOwnPages>) {
  const serve = async (message: IncomingMessage, response: ServerResponse) => {
    const [path = '', query = ''] = (message.url ?? '').split('?', 2);
    for (const handler of handlers) {
      if (await handler({ message, path, query, clientAddress: '192.0.2.1' }, response)) return;
    }
    response.writeHead(404).end();
  };
  const server = createServer((message, response) => void serve(message, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function startSite(
  routeTable: RouteTable,
  environment: Record<string, string> = {},
  /** Where tasks listen; left out where VERIFY_TASK_PODS is not set. */
  taskPods?: WebParts['taskPods'],
): Promise<Site> {
  const parts = await lab(routeTable, environment);
  const activity = new Activity(parts.routes);
  const tasks = new AskedTasks(parts.clearml, parts.routes);
  const handlers = createOwnPages({
    ...parts,
    activity,
    clearml: tasks,
    taskPods,
    now: parts.passed,
  });
  const { url, port, close } = await listenFor(handlers);
  return {
    ...parts,
    activity,
    tasks,
    url,
    ask: (...args) => ask(port, ...args),
    close: () => {
      parts.auth.close();
      activity.close();
      close();
    },
  };
}

function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body = '',
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const sent = httpRequest(
    {
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { Host: 'router.example.com', ...headers },
      agent: false,
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const cookies = (response.headers['set-cookie'] ?? []).map((line): [string, string] => {
          const [pair = ''] = line.split(';', 1);
          const equals = pair.indexOf('=');
          return [pair.slice(0, equals), pair.slice(equals + 1)];
        });
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
          cookies: new Map(cookies),
        });
      });
    },
  );
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

export function form(fields: Record<string, string>): string {
  return new URLSearchParams(fields).toString();
}
