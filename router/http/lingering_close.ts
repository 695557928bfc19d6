import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { giveBack } from '../sockets/spent_chunk.ts';

/** What a client may still take of a connection whose answer is out. */
export interface LingerBounds {
  /** Milliseconds in all. */
  readonly time: number;
  /** Milliseconds in which neither side has got on. */
  readonly silence: number;
  /** Bytes that it sends. */
  readonly bytes: number;
}

/** Many a client reads nothing before it has sent everything: what is too little here takes its answer from it. */
export const LINGER_BOUNDS: LingerBounds = { time: 60_000, silence: 5_000, bytes: 256 * 1024 ** 2 };

/** Who is told that a connection serves no request, though it is open, and that it may serve one again. */
export interface UnusedConnections {
  readonly unused: (socket: Socket) => void;
  readonly used: (socket: Socket) => void;
}

/** A connection whose client goes on sending although its answer is out. */
interface Lingering {
  readonly until: number;
  readonly mostRead: number;
  /** Changes with each byte that is read or written. */
  progress: number;
  silentSince: number;
  /** This side is closed; otherwise the connection may serve more, once the request that was answered is whole. */
  closing: boolean;
}

/** What Node's HTTP server reads from past the stream. */
interface ReadByParser {
  readonly _handle: { reading: boolean; readonly readStart: () => void } | null;
}

function progressOf(socket: Socket): number {
  return socket.bytesRead - socket.writableLength;
}

/**
 * Sees to it that a client gets to read its answer, and that none holds its connection for ever after it. A socket that is closed
 * while bytes of its client are unread, or on their way, is reset by the kernel, and the answer is lost with it. So what is left of
 * a request is read and dropped within bounds; a connection that ends, ends in stages: first the sending side, and the rest once
 * the client has ended its own, or has used up the bounds (RFC 9112 section 9.6).
 */
export class LingeringClose {
  readonly #bounds: LingerBounds;
  readonly #connections: UnusedConnections;
  readonly #lingering = new Map<Socket, Lingering>();
  #sweep: NodeJS.Timeout | undefined = undefined;
  readonly #endSocket: (this: Socket) => void;
  readonly #closed: (this: Socket) => void;

  constructor(bounds: LingerBounds, connections: UnusedConnections) {
    this.#bounds = bounds;
    this.#connections = connections;
    const end = (socket: Socket): void => this.end(socket);
    const leave = (socket: Socket): void => this.#leave(socket);
    // One function each for all sockets.
    this.#endSocket = function endSocket() {
      end(this);
    };
    this.#closed = function closed() {
      leave(this);
    };
  }

  /** From now on whoever ends this connection after an answer, Node's server included, ends it in stages. */
  watch(socket: Socket): void {
    socket.destroySoon = this.#endSocket;
    socket.once('close', this.#closed);
  }

  /** The answer is out, and its request is not whole: the rest is read, so that the connection can serve the next one. */
  readRest(request: IncomingMessage): void {
    const { socket } = request;
    if (socket.destroyed || this.#lingering.has(socket)) return;
    this.#enter(socket);
    request.once('end', () => {
      if (this.#lingering.get(socket)?.closing !== false) return;
      this.#leave(socket);
      this.#connections.used(socket);
    });
  }

  /** Nothing more is said to this client. */
  end(socket: Socket): void {
    if (socket.destroyed) return;
    const lingering = this.#lingering.get(socket) ?? this.#enter(socket);
    if (lingering.closing) return;
    lingering.closing = true;
    // Nor is anything more taken from it: its next request must not be served (RFC 9112 section 9.6).
    socket.removeAllListeners('data').removeAllListeners('timeout');
    socket.on('data', giveBack);
    const ended = (): void => Socket.prototype.destroySoon.call(socket);
    if (socket.readableEnded) {
      ended();
      return;
    }
    socket.once('end', ended);
    socket.end();
    socket.resume();
    // Where Node's parser had stopped the reading past the stream, the stream does not know that it is to be started again.
    const { _handle: handle } = socket as unknown as ReadByParser;
    if (handle === null || handle.reading) return;
    handle.reading = true;
    handle.readStart();
  }

  #enter(socket: Socket): Lingering {
    const now = performance.now();
    const lingering = {
      until: now + this.#bounds.time,
      mostRead: socket.bytesRead + this.#bounds.bytes,
      progress: progressOf(socket),
      silentSince: now,
      closing: false,
    };
    this.#lingering.set(socket, lingering);
    this.#connections.unused(socket);
    this.#sweep ??= setInterval(() => this.#look(), this.#bounds.silence / 5).unref();
    return lingering;
  }

  #leave(socket: Socket): void {
    this.#lingering.delete(socket);
    if (this.#lingering.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #look(): void {
    const now = performance.now();
    for (const [socket, lingering] of this.#lingering) {
      const progress = progressOf(socket);
      if (progress !== lingering.progress) {
        lingering.progress = progress;
        lingering.silentSince = now;
      }
      const silent = now - lingering.silentSince >= this.#bounds.silence;
      if (!silent && now < lingering.until && socket.bytesRead < lingering.mostRead) continue;
      if (lingering.closing) socket.destroy();
      else this.end(socket);
    }
  }
}
