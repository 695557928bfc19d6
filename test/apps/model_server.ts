/**
 * Stand-in for vLLM's OpenAI-compatible server, whose real form wants a GPU and gigabytes of model: the same paths, answers
 * and server-sent events, with words that a test hands out one by one.
 */
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const COMPLETION = {
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 0,
  model: 'stand-in',
};

export interface ModelServer {
  readonly port: number;
  /** Headers of the latest request for an answer. */
  readonly latest: () => IncomingHttpHeaders;
  /** Resolves with the next request for an answer. */
  readonly asked: () => Promise<unknown>;
  /** Sends one word on the open stream; without one, the end. */
  readonly say: (word?: string) => void;
  /** Resolves once the client of the open stream has left. */
  readonly left: () => Promise<unknown>;
  readonly stop: () => void;
}

export async function startModelServer(): Promise<ModelServer> {
  let stream: ServerResponse | undefined;
  const asks = new EventEmitter();
  let latest: IncomingHttpHeaders = {};
  const open = (): ServerResponse => {
    if (stream === undefined) throw new Error('nobody asked for an answer');
    return stream;
  };
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'GET' && request.url === '/v1/models') {
      const model = { id: 'stand-in', object: 'model', created: 0, owned_by: 'test' };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ object: 'list', data: [model] }));
    } else if (request.method === 'POST' && request.url === '/v1/chat/completions') {
      latest = request.headers;
      stream = response;
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      response.flushHeaders();
      asks.emit('ask');
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    latest: () => latest,
    asked: () => once(asks, 'ask'),
    say: (word) => {
      const delta = word === undefined ? {} : { content: word };
      const choice = { index: 0, delta, finish_reason: word === undefined ? 'stop' : null };
      open().write(`data: ${JSON.stringify({ ...COMPLETION, choices: [choice] })}\n\n`);
      if (word === undefined) open().end('data: [DONE]\n\n');
    },
    left: () => once(open(), 'close'),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
