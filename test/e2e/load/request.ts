import { Agent, type Dispatcher } from 'undici';

/** How long a request may take, so that a lost one is known as such. Milliseconds. */
const TIME_LIMIT = 15_000;

/** What the sample web app's page says. */
const PAGE_MARK = '<h1>Sample task</h1>';

type How = Pick<Dispatcher.RequestOptions, 'method' | 'body' | 'reset'>;

/**
 * Each meets a restart in a way of its own: a GET on a kept connection may be repeated by a proxy without being told, a POST
 * may not, and a connection of its own has to find a pod that accepts.
 */
const WAYS: readonly How[] = [
  { method: 'GET' },
  { method: 'POST', body: 'some data' },
  { method: 'GET', reset: true },
];

export interface Requester {
  /** Sends a request and reads its answer; rejects where that is not the web app's page. */
  readonly ask: (index: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Asks for the web app's page, in turns by a GET and a POST on kept connections, and on a new one. */
export function createRequester(
  endpoint: string,
  headers: () => Readonly<Record<string, string>>,
): Requester {
  const { origin, pathname } = new URL(endpoint);
  const agent = new Agent();
  return {
    ask: async (index) => {
      const how = WAYS[index % WAYS.length] ?? { method: 'GET' };
      const { statusCode, body } = await agent.request({
        origin,
        path: pathname,
        headers: { ...headers() },
        signal: AbortSignal.timeout(TIME_LIMIT),
        ...how,
      });
      const text = await body.text();
      if (statusCode !== 200 || !text.includes(PAGE_MARK)) {
        throw new Error(`${how.method}: status ${statusCode}: ${text.slice(0, 200)}`);
      }
    },
    close: () => agent.close(),
  };
}
