import { Agent, request } from 'node:http';

/** The methods that are sent. */
export const METHODS = ['GET', 'POST', 'PUT'] as const;
export type Method = (typeof METHODS)[number];

const BODIES: Readonly<Record<Method, Buffer | undefined>> = {
  GET: undefined,
  POST: Buffer.alloc(64, 'x'),
  PUT: Buffer.alloc(8 * 1024, 'x'),
};
/** What is sent in turn: four, so that no method meets the same one of three tasks again and again. */
const MIX: readonly Method[] = ['GET', 'POST', 'GET', 'PUT'];

/** Milliseconds after which the client gives up. */
const PATIENCE_MS = 1_000;

/** One request. Milliseconds are those of `performance.now`. */
export interface Sent {
  readonly method: Method;
  readonly at: number;
  /** When it was over; undefined while it runs. */
  endedAt: number | undefined;
  /** Which task answered. */
  by: string | undefined;
  /** Why it did not succeed. */
  failure: string | undefined;
}

/** Sends requests at an even rate from now until it is stopped, whatever their answers do; each has its time and no more. */
export class SteadyLoad {
  /** All requests so far, in their order. */
  readonly sent: Sent[] = [];
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #rate: number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #timer: NodeJS.Timeout;
  readonly #began = performance.now();

  /** @param rate requests a second. */
  constructor(url: string, headers: Readonly<Record<string, string>>, rate: number) {
    this.#url = url;
    this.#headers = headers;
    this.#rate = rate;
    this.#timer = setInterval(() => this.#sendDue(), 1);
  }

  /** Sends nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const ended = performance.now();
    while (this.sent.some(({ endedAt }) => endedAt === undefined)) {
      if (performance.now() - ended > 2 * PATIENCE_MS) throw new Error('a request does not end');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#agent.destroy();
  }

  #sendDue(): void {
    const due = Math.floor(((performance.now() - this.#began) * this.#rate) / 1_000);
    while (this.sent.length < due) this.#send();
  }

  #send(): void {
    const method = MIX[this.sent.length % MIX.length] ?? 'GET';
    const sent: Sent = {
      method,
      at: performance.now(),
      endedAt: undefined,
      by: undefined,
      failure: undefined,
    };
    this.sent.push(sent);
    const end = (failure: string | undefined): void => {
      if (sent.endedAt !== undefined) return;
      clearTimeout(timer);
      sent.endedAt = performance.now();
      sent.failure = failure;
    };
    const asked = request(this.#url, { method, headers: this.#headers, agent: this.#agent });
    const timer = setTimeout(() => {
      end('no answer in time');
      asked.destroy();
    }, PATIENCE_MS);
    asked
      .on('response', (response) => {
        let text = '';
        response
          .setEncoding('utf8')
          .on('data', (chunk: string) => (text += chunk))
          .on('end', () => {
            if (response.statusCode === 200) sent.by = text;
            end(response.statusCode === 200 ? undefined : `status ${response.statusCode}`);
          })
          .on('error', (error) => end(error.message));
      })
      .on('error', (error) => end(error.message))
      .end(BODIES[method]);
  }
}
