import { hash } from 'node:crypto';

import { Agent, type Dispatcher } from 'undici';

import { startSteady, wordsOf } from '../../e2e/load/steady.ts';

const REQUESTS_PER_SECOND = 24;
/** Longer than a task stands still here, on a busy machine too: a request that it holds is answered by it in the end. Milliseconds. */
const TIME_LIMIT = 60_000;

interface Kind {
  readonly title: string;
  readonly options: Pick<Dispatcher.RequestOptions, 'method' | 'body' | 'reset'>;
  /** May be sent again where its task was lost before it answered. */
  readonly isSafe: boolean;
}

/** By what the router may do when a task is lost that has been sent it. */
const KINDS: readonly Kind[] = [
  { title: 'GET', options: { method: 'GET' }, isSafe: true },
  { title: 'POST with a body', options: { method: 'POST', body: 'some data' }, isSafe: false },
  { title: 'GET by a new connection', options: { method: 'GET', reset: true }, isSafe: true },
  {
    title: 'PUT with a large body',
    options: { method: 'PUT', body: 'x'.repeat(200_000) },
    isSafe: false,
  },
  { title: 'DELETE', options: { method: 'DELETE' }, isSafe: true },
  { title: 'POST without a body', options: { method: 'POST' }, isSafe: false },
];

/** One request that has ended. */
export interface Asked {
  readonly kind: Kind;
  /** When it was sent. Milliseconds since the epoch. */
  readonly at: number;
  /** Name of the task that answered. */
  readonly by: string | undefined;
  /** Why it failed; undefined where it was answered in whole. */
  readonly error: string | undefined;
}

export interface BalancedLoad {
  /** Those that have ended. */
  readonly asked: () => readonly Asked[];
  /** Resolves with all that were sent by now, once they have ended. */
  readonly settled: () => Promise<readonly Asked[]>;
  readonly stop: () => Promise<void>;
}

/** Asks a route steadily, by each kind in turn, without a cookie. */
export function startBalancedLoad(
  url: string,
  headers: Readonly<Record<string, string>>,
): BalancedLoad {
  const agent = new Agent();
  const { origin, pathname: path } = new URL(url);
  const ended: Asked[] = [];
  const ask = async ({ options }: Kind): Promise<string> => {
    const { statusCode, body } = await agent.request({
      origin,
      path,
      headers: { ...headers },
      signal: AbortSignal.timeout(TIME_LIMIT),
      ...options,
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`status ${statusCode}: ${text.slice(0, 200)}`);
    const [by = ''] = text.split(' ', 1);
    const sent = typeof options.body === 'string' ? options.body : '';
    if (text !== `${by} ${hash('sha256', sent)}`) throw new Error(`another body came: ${text}`);
    return by;
  };
  const underWay = new Set<Promise<void>>();
  const one = async (kind: Kind): Promise<void> => {
    const at = Date.now();
    const asked = await ask(kind).then(
      (by) => ({ by, error: undefined }),
      (error: unknown) => ({ by: undefined, error: wordsOf(error) }),
    );
    ended.push({ kind, at, ...asked });
  };
  const steady = startSteady(REQUESTS_PER_SECOND, async (index) => {
    const kind = KINDS[index % KINDS.length];
    if (kind === undefined) return;
    const running = one(kind).finally(() => underWay.delete(running));
    underWay.add(running);
    await running;
  });
  const end = async (): Promise<void> => {
    await steady.stop();
    await agent.close();
  };
  let ending: Promise<void> | undefined;
  return {
    asked: () => [...ended],
    settled: async () => {
      await Promise.all(underWay);
      return [...ended];
    },
    stop: () => (ending ??= end()),
  };
}

/** How many of each kind failed, in words. */
export function failuresByKind(asked: readonly Asked[]): string {
  return KINDS.map(({ title }) => {
    const ofKind = asked.filter(({ kind }) => kind.title === title);
    const failed = ofKind.filter(({ error }) => error !== undefined).length;
    return `${title} ${failed} of ${ofKind.length}`;
  }).join(', ');
}
