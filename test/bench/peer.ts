import type { Backend } from './backend.ts';

/** What a process under test is reached by. What it does not offer is undefined. */
export interface RunningPeer {
  /** Of the processes under test whose CPU and memory count, their children with them. */
  readonly pids: readonly number[];
  /** URL that leads to the HTTP backend, without a slash at the end. */
  readonly http: string | undefined;
  /** URL that leads to the WebSocket backend. */
  readonly webSocket: string | undefined;
  /** Port that leads to the TCP source. */
  readonly tcp: number | undefined;
  /** What each request carries: the token, where it is checked. */
  readonly headers: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

/** One of those that are compared. */
export interface Peer {
  readonly name: string;
  /** Names of the scenarios that it takes part in, where it is not all of them. */
  readonly only?: readonly string[];
  /** What the machine lacks for it; undefined when it can run. */
  readonly lacks: () => string | undefined;
  /** @param folder an empty folder of its own. */
  readonly start: (backend: Backend, folder: string) => Promise<RunningPeer>;
}

/** The path under which every peer serves the backend: as long as a real one. */
export const PREFIX = `/service/${'0123456789abcdef'.repeat(2)}`;
export const WEBSOCKET_PREFIX = `/service/${'fedcba9876543210'.repeat(2)}`;
