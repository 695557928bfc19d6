import type { Server, Socket } from 'node:net';
import { clientOf } from '../grammar/client_of.ts';
import { Tally, UNCOUNTED, leave, type Load } from './tally.ts';

/** What is bounded: a server of `node:http`. */
export interface BoundedServer extends Server {
  readonly closeIdleConnections: () => void;
}

/** How many client connections one process holds. 0 is no limit. */
export interface HttpConnectionLimits {
  readonly total: number;
  /** By the peer's address; trusted proxies do not count. */
  readonly perAddress: number;
}

export type ConnectionLimitName = 'connections' | 'connections-per-address' | 'waiting-heads';

type ConnectionExcess = Exclude<ConnectionLimitName, 'waiting-heads'>;

/** Share of the connections that may serve nobody. */
const WAITING_SHARE = 0.25;
const FEWEST_WAITING = 16;
/** The same where the number of connections has no limit. */
const MOST_WAITING = 4_096;
/** Connections beyond the limit are still answered, with 503, up to this share of it; then they are not accepted. */
const ANSWERED_BEYOND = 1.25;
/** Idle connections are closed at most this often to make room. */
const MAKE_ROOM_EVERY_MS = 1_000;

/**
 * Bounds what clients can hold open without asking for anything. A connection beyond a limit is marked, and its first request
 * gets the answer that says why: one that is closed in silence looks like a router that is down.
 */
export class Connections {
  readonly #server: BoundedServer;
  readonly #limits: HttpConnectionLimits;
  readonly #mostWaiting: number;
  readonly #addresses: Tally;
  readonly #hit: (limit: ConnectionLimitName) => void;
  /** Connections that are beyond a limit, or were when they came. */
  readonly #marked = new WeakMap<Socket, ConnectionExcess>();
  /** Those that serve nobody, since they have not sent a whole head, or linger after their answer; the oldest first. */
  readonly #waiting = new Set<Socket>();
  #open = 0;
  #madeRoomAt = -Infinity;
  /** How many open connections are beyond a limit. */
  excess = 0;

  /** @param addressOf the peer's address, undefined where it is that of a trusted proxy, which many clients share. */
  constructor(
    server: BoundedServer,
    limits: HttpConnectionLimits,
    addressOf: (socket: Socket) => string | undefined,
    hit: (limit: ConnectionLimitName) => void,
  ) {
    this.#server = server;
    this.#limits = limits;
    this.#hit = hit;
    this.#addresses = new Tally(limits.perAddress, clientOf);
    this.#mostWaiting =
      limits.total === 0
        ? MOST_WAITING
        : Math.max(FEWEST_WAITING, Math.ceil(limits.total * WAITING_SHARE));
    if (limits.total > 0) {
      server.maxConnections = Math.ceil(limits.total * ANSWERED_BEYOND);
      server.on('drop', () => hit('connections'));
    }
    server.on('connection', (socket: Socket) => this.#opened(socket, addressOf(socket)));
  }

  #opened(socket: Socket, address: string | undefined): void {
    this.#open += 1;
    this.#waiting.add(socket);
    const load = this.#addresses.enter(address);
    if (load === undefined) this.#mark(socket, 'connections-per-address');
    else if (this.#full()) {
      this.#makeRoom();
      this.#mark(socket, 'connections');
    }
    socket.once('close', () => this.#closed(socket, load ?? UNCOUNTED));
    this.#dropBeyond();
  }

  #closed(socket: Socket, load: Load): void {
    this.#open -= 1;
    leave(load);
    if (this.#marked.delete(socket)) this.excess -= 1;
    this.#waiting.delete(socket);
  }

  #full(): boolean {
    return this.#limits.total > 0 && this.#open > this.#limits.total;
  }

  #mark(socket: Socket, excess: ConnectionExcess): void {
    this.#marked.set(socket, excess);
    this.excess += 1;
    this.#hit(excess);
  }

  /** Whoever holds connections without using them gives way to whoever has come to ask for something. */
  #makeRoom(): void {
    const now = performance.now();
    if (now - this.#madeRoomAt < MAKE_ROOM_EVERY_MS) return;
    this.#madeRoomAt = now;
    this.#server.closeIdleConnections();
  }

  /** The oldest has had the longest time to send its head; to turn away the newest would let slow clients keep all others out. */
  #dropBeyond(): void {
    if (this.#waiting.size <= this.#mostWaiting) return;
    const [oldest] = this.#waiting;
    if (oldest === undefined) return;
    this.#hit('waiting-heads');
    this.#waiting.delete(oldest);
    oldest.destroy();
  }

  /** The first head of a connection has come in whole, or all of a request whose answer was out before. */
  used(socket: Socket): void {
    this.#waiting.delete(socket);
  }

  /** The answer is out, and the client goes on sending. */
  unused(socket: Socket): void {
    if (socket.destroyed) return;
    this.#waiting.add(socket);
    this.#dropBeyond();
  }

  /** The limit that a connection is beyond, if it still is. Asked only while `excess` is not 0. */
  excessOf(socket: Socket): ConnectionExcess | undefined {
    const excess = this.#marked.get(socket);
    return excess === 'connections' && !this.#full() ? undefined : excess;
  }

  sweep(): void {
    this.#addresses.sweep();
  }
}
