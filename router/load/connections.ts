import type { Server, Socket } from 'node:net';
import type { Load } from './tally.ts';
import { Tally, UNCOUNTED, leave } from './tally.ts';

/** What is bounded: a server of `node:http`. */
export interface BoundedServer extends Server {
  readonly closeIdleConnections: () => void;
}

/** How many client connections one process holds. 0 is no limit. */
export interface ConnectionLimits {
  readonly total: number;
  /** By the peer's address; trusted proxies do not count. */
  readonly perAddress: number;
}

export type ConnectionLimitName = 'connections' | 'connections-per-address' | 'waiting-heads';

/** What is known of one connection. Those that have not sent a whole head stand in a row, the oldest first. */
interface Known {
  readonly socket: Socket;
  excess: 'connections' | 'connections-per-address' | undefined;
  waiting: boolean;
  older: Known | undefined;
  newer: Known | undefined;
}

/** Share of the connections that may be without a whole head. */
const WAITING_SHARE = 0.25;
const FEWEST_WAITING = 16;
/** The same where the number of connections has no limit. */
const MOST_WAITING = 4_096;
/** Connections beyond the limit are still answered, with 503, up to this share of it; then they are not accepted. */
const ANSWERED_BEYOND = 1.25;
/** Idle connections are closed at most this often to make room. Milliseconds. */
const MAKE_ROOM_EVERY = 1_000;

/**
 * Bounds what clients can hold open without asking for anything. A connection beyond a limit is marked, and its first request
 * gets the answer that says why: one that is closed in silence looks like a router that is down.
 */
export class Connections {
  readonly #server: BoundedServer;
  readonly #limits: ConnectionLimits;
  readonly #mostWaiting: number;
  readonly #addresses: Tally;
  readonly #hit: (limit: ConnectionLimitName) => void;
  readonly #known = new WeakMap<Socket, Known>();
  #open = 0;
  #waiting = 0;
  #oldest: Known | undefined = undefined;
  #newest: Known | undefined = undefined;
  #madeRoomAt = -Infinity;
  /** How many open connections are beyond a limit. */
  excess = 0;

  /** @param addressOf the peer's address, undefined where it is that of a trusted proxy, which many clients share. */
  constructor(
    server: BoundedServer,
    limits: ConnectionLimits,
    addressOf: (socket: Socket) => string | undefined,
    hit: (limit: ConnectionLimitName) => void,
  ) {
    this.#server = server;
    this.#limits = limits;
    this.#hit = hit;
    this.#addresses = new Tally(limits.perAddress);
    this.#mostWaiting =
      limits.total === 0
        ? MOST_WAITING
        : Math.max(FEWEST_WAITING, Math.ceil(limits.total * WAITING_SHARE));
    if (limits.total > 0) {
      // Among WORKERS a connection that one has no room for would go round for ever; the published types lack the option.
      Object.assign(server, {
        maxConnections: Math.ceil(limits.total * ANSWERED_BEYOND),
        dropMaxConnection: true,
      });
      server.on('drop', () => hit('connections'));
    }
    server.on('connection', (socket: Socket) => this.#opened(socket, addressOf(socket)));
  }

  #opened(socket: Socket, address: string | undefined): void {
    const known: Known = {
      socket,
      excess: undefined,
      waiting: false,
      older: undefined,
      newer: undefined,
    };
    this.#known.set(socket, known);
    this.#open += 1;
    this.#wait(known);
    const load = this.#addresses.enter(address);
    if (load === undefined) this.#mark(known, 'connections-per-address');
    else if (this.#full()) {
      this.#makeRoom();
      this.#mark(known, 'connections');
    }
    socket.once('close', () => this.#closed(known, load ?? UNCOUNTED));
    if (this.#waiting > this.#mostWaiting) this.#dropOldestWaiting();
  }

  #closed(known: Known, load: Load): void {
    this.#open -= 1;
    leave(load);
    if (known.excess !== undefined) this.excess -= 1;
    this.#waitNoMore(known);
  }

  #full(): boolean {
    return this.#limits.total > 0 && this.#open > this.#limits.total;
  }

  #mark(known: Known, excess: 'connections' | 'connections-per-address'): void {
    known.excess = excess;
    this.excess += 1;
    this.#hit(excess);
  }

  /** Whoever holds connections without using them gives way to whoever has come to ask for something. */
  #makeRoom(): void {
    const now = performance.now();
    if (now - this.#madeRoomAt < MAKE_ROOM_EVERY) return;
    this.#madeRoomAt = now;
    this.#server.closeIdleConnections();
  }

  #wait(known: Known): void {
    known.waiting = true;
    known.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = known;
    else this.#newest.newer = known;
    this.#newest = known;
    this.#waiting += 1;
  }

  #waitNoMore(known: Known): void {
    if (!known.waiting) return;
    known.waiting = false;
    const { older, newer } = known;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    known.older = known.newer = undefined;
    this.#waiting -= 1;
  }

  /** The oldest has had the longest time to send its head; to turn away the newest would let slow clients keep all others out. */
  #dropOldestWaiting(): void {
    const oldest = this.#oldest;
    if (oldest === undefined) return;
    this.#hit('waiting-heads');
    this.#waitNoMore(oldest);
    oldest.socket.destroy();
  }

  /** The first request of a connection has come in whole. */
  headRead(socket: Socket): void {
    const known = this.#known.get(socket);
    if (known !== undefined) this.#waitNoMore(known);
  }

  /** The limit that a connection is beyond, if it still is. Asked only while `excess` is not 0. */
  excessOf(socket: Socket): 'connections' | 'connections-per-address' | undefined {
    const excess = this.#known.get(socket)?.excess;
    return excess === 'connections' && !this.#full() ? undefined : excess;
  }

  sweep(): void {
    this.#addresses.sweep();
  }
}
