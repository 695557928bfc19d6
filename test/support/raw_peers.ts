import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/** One answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  /** Lower-case name and value, in order. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** False when the connection ended before the body was complete. */
  readonly complete: boolean;
}

export function header(answer: RawAnswer, name: string): string | undefined {
  return answer.headers.find(([key]) => key === name)?.[1];
}

export function headerValues(answer: RawAnswer, name: string): readonly string[] {
  return answer.headers.filter(([key]) => key === name).map(([, value]) => value);
}

function chunkedBody(text: string): { body: string; end: number } | undefined {
  let body = '';
  let at = 0;
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (size === 0) {
      const end = text.startsWith('\r\n', line + 2) ? line + 4 : text.indexOf('\r\n\r\n', line) + 4;
      return end < 4 || text.length < end ? undefined : { body, end };
    }
    if (text.length < line + 2 + size + 2) return undefined;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}

/** A client that sends bytes as they are and reads answers off the wire (latin1, so that bytes are characters). */
export class RawClient {
  readonly socket: Socket;
  #text = '';
  #closed = false;
  readonly #waiters = new Set<() => void>();

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      this.#text += chunk;
      this.#wake();
    });
    socket.on('error', () => undefined);
    const closed = (): void => {
      this.#closed = true;
      this.#wake();
    };
    socket.on('end', closed);
    socket.on('close', closed);
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const socket = connect({ port, host, noDelay: true });
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** Bytes received and not yet taken by `answer`. */
  get pending(): string {
    return this.#text;
  }

  get closed(): boolean {
    return this.#closed;
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }

  send(...lines: readonly string[]): this {
    this.socket.write(lines.join('\r\n'), 'latin1');
    return this;
  }

  /** Resolves once the condition holds; rejects after `limit` milliseconds. */
  async until(condition: () => boolean, limit = 5_000): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const done = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(done);
        reject(
          new Error(
            `nothing of the kind within ${limit} ms; got ${JSON.stringify(this.#text.slice(0, 400))}`,
          ),
        );
      }, limit);
      this.#waiters.add(done);
    });
  }

  async untilClosed(limit?: number): Promise<void> {
    await this.until(() => this.#closed, limit);
  }

  async untilText(text: string, limit?: number): Promise<void> {
    await this.until(() => this.#text.includes(text), limit);
  }

  /** The next answer. `bodiless`: the request was HEAD. */
  async answer(bodiless = false, limit?: number): Promise<RawAnswer> {
    let parsed: { answer: RawAnswer; taken: number } | undefined;
    await this.until(() => {
      parsed = this.#parse(bodiless);
      return parsed !== undefined || this.#closed;
    }, limit);
    if (parsed === undefined) throw new Error(`closed after ${JSON.stringify(this.#text)}`);
    this.#text = this.#text.slice(parsed.taken);
    return parsed.answer;
  }

  #parse(bodiless: boolean): { answer: RawAnswer; taken: number } | undefined {
    const end = this.#text.indexOf('\r\n\r\n');
    if (end === -1) return undefined;
    const [line = '', ...lines] = this.#text.slice(0, end).split('\r\n');
    const status = Number(line.slice(9, 12));
    const headers = lines.map((text) => {
      const colon = text.indexOf(':');
      return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()] as const;
    });
    const base = { status, reason: line.slice(13), headers };
    const start = end + 4;
    const rest = this.#text.slice(start);
    const value = (name: string): string | undefined => headers.find(([key]) => key === name)?.[1];
    if (bodiless || status === 204 || status === 304 || status < 200) {
      return { answer: { ...base, body: '', complete: true }, taken: start };
    }
    if (value('transfer-encoding') === 'chunked') {
      const chunks = chunkedBody(rest);
      if (chunks !== undefined) {
        return {
          answer: { ...base, body: chunks.body, complete: true },
          taken: start + chunks.end,
        };
      }
      return this.#closed
        ? { answer: { ...base, body: rest, complete: false }, taken: start + rest.length }
        : undefined;
    }
    const length = value('content-length');
    if (length !== undefined) {
      const wanted = Number(length);
      if (rest.length >= wanted) {
        return {
          answer: { ...base, body: rest.slice(0, wanted), complete: true },
          taken: start + wanted,
        };
      }
      return this.#closed
        ? { answer: { ...base, body: rest, complete: false }, taken: start + rest.length }
        : undefined;
    }
    return this.#closed
      ? { answer: { ...base, body: rest, complete: true }, taken: start + rest.length }
      : undefined;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** One connection that a task got. */
export interface TaskConnection {
  readonly socket: Socket;
  /** All bytes received, latin1. */
  readonly text: () => string;
}

/** A task that says exactly what the test tells it to, byte by byte, and remembers all that it was sent. */
export interface RawTask {
  readonly port: number;
  readonly connections: TaskConnection[];
  /** All that came in on all connections. */
  readonly seen: () => string;
  /** How many requests began, counted by their request lines. */
  readonly requests: () => readonly string[];
  readonly close: () => Promise<void>;
}

/** `react` is called with each connection's text whenever more has come. */
export async function rawTask(
  react: (connection: TaskConnection) => void,
  onConnect: (connection: TaskConnection) => void = () => undefined,
): Promise<RawTask> {
  const connections: TaskConnection[] = [];
  const server: Server = createServer({ allowHalfOpen: false, noDelay: true }, (socket) => {
    let text = '';
    const connection: TaskConnection = { socket, text: () => text };
    connections.push(connection);
    socket.setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('data', (chunk: string) => {
      text += chunk;
      react(connection);
    });
    onConnect(connection);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const seen = (): string => connections.map((connection) => connection.text()).join('');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    seen,
    requests: () =>
      seen()
        .split('\r\n')
        .filter((line) => /^[A-Z]+ \S+ HTTP\/1\.1$/.test(line)),
    close: async () => {
      for (const { socket } of connections) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Answers each request whose head is complete (bodies of a declared length or chunked awaited) with the same bytes. */
export function replying(bytes: string | ((head: string) => string)): (c: TaskConnection) => void {
  const answered = new WeakMap<Socket, number>();
  return ({ socket, text }) => {
    for (;;) {
      const from = answered.get(socket) ?? 0;
      const all = text();
      const end = all.indexOf('\r\n\r\n', from);
      if (end === -1) return;
      const head = all.slice(from, end);
      let after = end + 4;
      const length = /^content-length: *(\d+)/im.exec(head)?.[1];
      if (length !== undefined) after += Number(length);
      else if (/^transfer-encoding: *chunked/im.test(head)) {
        const chunks = chunkedBody(all.slice(after));
        if (chunks === undefined) return;
        after += chunks.end;
      }
      if (all.length < after) return;
      answered.set(socket, after);
      socket.write(typeof bytes === 'string' ? bytes : bytes(head), 'latin1');
    }
  };
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/**
 * Connects to a server of this process, sends and resets, all before the server can accept: another process does it while this
 * one stands still.
 */
export function resetBeforeAccepted(port: number, bytes: string): void {
  const program = `
    const [port, bytes] = process.argv.slice(1);
    const socket = require('node:net').connect(Number(port), '127.0.0.1');
    socket.on('connect', () => socket.write(bytes, 'latin1', () => socket.resetAndDestroy()));`;
  execFileSync(process.execPath, ['-e', program, String(port), bytes]);
}
