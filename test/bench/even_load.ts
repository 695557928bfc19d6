import { connect, type Socket } from 'node:net';

/** Bytes that one read of a connection takes at most; an answer is far shorter. */
const READ = 4_096;
const HEAD_END = '\r\n\r\n';
/** Connections that have served a request before a round begins. When all of them wait, another one is opened. */
const READY = 16;

/** Bytes of a whole answer, by its own head. @throws Error where it is not a 200 with a Content-Length. */
function lengthOf(answer: string): number {
  const head = answer.indexOf(HEAD_END);
  const length = /^content-length: ([0-9]+)\r$/im.exec(answer)?.[1];
  if (!answer.startsWith('HTTP/1.1 200 ') || head === -1 || length === undefined) {
    throw new Error(`an answer was wrong:\n${answer}`);
  }
  return head + HEAD_END.length + Number(length);
}

/** What a connection tells of itself. */
interface Listener {
  readonly answered: (connection: Connection, took: number) => void;
  /** The other end closed it, as servers do with those that have been idle for a while. */
  readonly closed: (connection: Connection) => void;
  readonly failed: (error: unknown) => void;
}

/** One keep-alive connection, one request at a time. */
class Connection {
  readonly #socket: Socket;
  readonly #listener: Listener;
  #sentAt = 0;
  #received = 0;
  /** Every answer is as long as the first. */
  #length = 0;

  constructor(url: URL, listener: Listener) {
    this.#listener = listener;
    const buffer = Buffer.alloc(READ);
    const read = (length: number): boolean => {
      try {
        if (this.#length === 0) this.#length = lengthOf(buffer.toString('latin1', 0, length));
        this.#read(length);
      } catch (error) {
        listener.failed(error);
      }
      return true;
    };
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: { buffer, callback: read },
    });
    this.#socket.on('error', listener.failed).on('end', () => listener.closed(this));
  }

  send(request: string): void {
    this.#sentAt = performance.now();
    this.#received = 0;
    this.#socket.write(request, 'latin1');
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(length: number): void {
    this.#received += length;
    if (this.#received > this.#length) throw new Error('an answer was longer than the first one');
    if (this.#received < this.#length) return;
    this.#listener.answered(this, performance.now() - this.#sentAt);
  }
}

/**
 * Sends requests at an even rate, whatever the answers do: one that is due never waits for the answer to another (no coordinated
 * omission). It does as little as it can itself, so that its own pauses do not hide those of what it measures.
 *
 * @param rate requests a second.
 * @returns milliseconds from each request's being sent to the end of its answer. Rejects where an answer is wrong.
 */
export async function evenLoad(
  url: URL,
  headers: Readonly<Record<string, string>>,
  rate: number,
  requests: number,
): Promise<readonly number[]> {
  const fields = Object.entries({ host: url.host, ...headers });
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const request = `GET ${url.pathname} HTTP/1.1\r\n${lines}\r\n`;
  const all: Connection[] = [];
  const idle: Connection[] = [];
  const times: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      let sent = 0;
      let began = 0;
      const send = (): void => {
        const due = Math.min(requests, Math.floor(((performance.now() - began) * rate) / 1_000));
        for (; sent < due; sent += 1) (idle.pop() ?? open()).send(request);
      };
      const begin = (): void => {
        began = performance.now();
        timer = setInterval(send, 1);
      };
      const listener: Listener = {
        answered: (connection, took) => {
          idle.push(connection);
          if (timer !== undefined) times.push(took);
          else if (idle.length === READY) begin();
          if (times.length === requests) resolve();
        },
        closed: (connection) => {
          const place = idle.indexOf(connection);
          if (place === -1) reject(new Error('a connection was closed within a request'));
          else idle.splice(place, 1);
        },
        failed: reject,
      };
      const open = (): Connection => {
        const connection = new Connection(url, listener);
        all.push(connection);
        return connection;
      };
      for (let count = 0; count < READY; count += 1) open().send(request);
    });
  } finally {
    clearInterval(timer);
    for (const each of all) each.close();
  }
  return times;
}
