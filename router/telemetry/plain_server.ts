import { createServer, type IncomingMessage, type Server } from 'node:http';

/** A whole answer, small enough to be made before it is sent. */
export interface PlainAnswer {
  readonly status: number;
  /** Media type of `body`. */
  readonly type: string;
  readonly body: string;
  /** What its head says beside that, names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes the answer to a request; neither throws nor rejects. */
export type Answering = (request: IncomingMessage) => PlainAnswer | Promise<PlainAnswer>;

/** An answer in JSON, one line. */
export function json(status: number, value: unknown): PlainAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/**
 * An HTTP server, not yet listening, that answers GET and HEAD at some paths, whatever query follows them; 404 names the paths.
 *
 * @param answers by path.
 */
export function createPlainServer(answers: ReadonlyMap<string, Answering>): Server {
  const server = createServer((request, response) => {
    const send = ({ status, type, body, headers }: PlainAnswer): void => {
      response
        .writeHead(status, {
          ...headers,
          'content-type': type,
          'content-length': Buffer.byteLength(body),
          'cache-control': 'no-store',
        })
        .end(request.method === 'HEAD' ? undefined : body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      send(json(405, { error: 'method not allowed' }));
      return;
    }
    const answer = answers.get(request.url?.split('?', 1)[0] ?? '');
    if (answer === undefined) {
      send(json(404, { error: 'not found', paths: [...answers.keys()] }));
      return;
    }
    void Promise.resolve(answer(request)).then(send);
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  return server;
}
