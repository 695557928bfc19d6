import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { Duplex } from 'node:stream';

/** One request as a backend reads it. */
export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  /** Name, value, name, value …, one character per byte. */
  readonly headers: readonly string[];
  readonly body: string;
  readonly complete: boolean;
}

/** What a backend reads on one connection. */
export interface ReadRequests {
  readonly requests: readonly ReadRequest[];
  /** Something that is no request. */
  readonly broken: boolean;
}

/** The strict backend: Node's own server (llhttp). */
export class StrictReader {
  readonly #server: Server;
  readonly #reads = new WeakMap<object, { requests: ReadRequest[]; broken: boolean }>();

  constructor() {
    const take = (request: IncomingMessage): void => {
      const read = this.#reads.get(request.socket);
      if (read === undefined) return;
      const at = read.requests.length;
      const taken = (body: string, complete: boolean): void => {
        read.requests[at] = {
          method: request.method ?? '',
          target: request.url ?? '',
          headers: request.rawHeaders,
          body,
          complete,
        };
      };
      let body = '';
      taken(body, false);
      request.on('data', (chunk: Buffer) => taken((body += chunk.toString('latin1')), false));
      request.on('end', () => taken(body, request.complete));
      request.on('error', () => undefined);
    };
    this.#server = createServer({ maxHeaderSize: 256 * 1024, requireHostHeader: false }, take);
    this.#server.on('checkContinue', take);
    // An upgrade is a request without a body; whatever follows is no request any more.
    this.#server.on('upgrade', take);
    this.#server.on('clientError', (_error, socket) => {
      const read = this.#reads.get(socket);
      if (read !== undefined) read.broken = true;
      socket.destroy();
    });
  }

  async read(bytes: Buffer): Promise<ReadRequests> {
    const connection = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, callback) => callback(),
    });
    const read: { requests: ReadRequest[]; broken: boolean } = { requests: [], broken: false };
    this.#reads.set(connection, read);
    this.#server.emit('connection', connection);
    connection.push(bytes);
    let before = -1;
    for (let turns = 0; turns < 4 || before !== read.requests.length; turns++) {
      before = read.requests.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    connection.destroy();
    return read;
  }
}

/** How a backend is lenient. */
export interface Leniency {
  /** What counts where both are there. */
  readonly prefers: 'content-length' | 'transfer-encoding';
  /** Which counts of two. */
  readonly takes: 'first' | 'last';
  readonly bareCr: boolean;
}

export const LENIENT: readonly Leniency[] = [
  { prefers: 'transfer-encoding', takes: 'first', bareCr: false },
  { prefers: 'content-length', takes: 'last', bareCr: true },
];

/** A name as CGI and WSGI servers see it: every character that is no letter or digit is one and the same. */
export function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-');
}

class Lines {
  readonly #text: string;
  readonly #end: RegExp;
  at = 0;

  constructor(text: string, { bareCr }: Leniency) {
    this.#text = text;
    this.#end = bareCr ? /\r\n|\n|\r/g : /\r?\n/g;
  }

  line(): string | undefined {
    this.#end.lastIndex = this.at;
    const end = this.#end.exec(this.#text);
    if (end === null) return undefined;
    const line = this.#text.slice(this.at, end.index);
    this.at = this.#end.lastIndex;
    return line;
  }

  take(length: number): string {
    const taken = this.#text.slice(this.at, this.at + length);
    this.at += taken.length;
    return taken;
  }

  get done(): boolean {
    return this.at >= this.#text.length;
  }
}

function readHeaders(lines: Lines): string[] | undefined {
  const headers: string[] = [];
  for (let line = lines.line(); line !== ''; line = lines.line()) {
    if (line === undefined) return undefined;
    const colon = line.indexOf(':');
    if (/^[ \t]/.test(line) && headers.length > 0) headers[headers.length - 1] += ` ${line.trim()}`;
    else {
      headers.push(
        line.slice(0, colon === -1 ? line.length : colon).trim(),
        colon === -1 ? '' : line.slice(colon + 1).trim(),
      );
    }
  }
  return headers;
}

function readBody(
  lines: Lines,
  headers: readonly string[],
  how: Leniency,
): { body: string; complete: boolean } {
  const values = (name: string): string | undefined => {
    const found = headers.filter(
      (_, index) => index % 2 === 1 && folded(headers[index - 1] ?? '') === name,
    );
    return how.takes === 'first' ? found[0] : found.at(-1);
  };
  const length = Number.parseInt(values('content-length') ?? '', 10);
  const chunked = /chunked/i.test(values('transfer-encoding') ?? '');
  if (chunked && (how.prefers === 'transfer-encoding' || !(length >= 0))) {
    for (let body = ''; ;) {
      const size = Number.parseInt(lines.line() ?? '', 16);
      if (!(size >= 0)) return { body, complete: false };
      if (size === 0) return { body, complete: readHeaders(lines) !== undefined };
      const data = lines.take(size);
      body += data;
      if (data.length < size) return { body, complete: false };
      lines.line();
    }
  }
  if (!(length > 0)) return { body: '', complete: true };
  const body = lines.take(length);
  return { body, complete: body.length === length };
}

/** A backend that takes whatever it can make sense of. */
export function readLeniently(text: string, how: Leniency): ReadRequests {
  const lines = new Lines(text, how);
  const requests: ReadRequest[] = [];
  while (!lines.done) {
    const line = lines.line();
    if (line === '') continue;
    const [method = '', target = ''] = (line ?? '').split(/[ \t]+/);
    const headers = line === undefined ? undefined : readHeaders(lines);
    if (headers === undefined) return { requests, broken: true };
    requests.push({ method, target, headers, ...readBody(lines, headers, how) });
  }
  return { requests, broken: false };
}
