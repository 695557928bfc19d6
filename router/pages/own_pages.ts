import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request for one of the router's own pages, read once by the proxy. */
export interface OwnRequest {
  readonly message: IncomingMessage;
  /** Raw path without its query, as `Target` has it. */
  readonly path: string;
  /** Raw query without its `?`. */
  readonly query: string;
  /** The client's address: the peer's, or what a trusted proxy said. */
  readonly clientAddress: string;
}

/**
 * Answers a request for a page of the router's own. False means that there is no such page here and nothing was written:
 * the caller asks the next handler, and answers 404 after the last.
 */
export type OwnPages = (request: OwnRequest, response: ServerResponse) => Promise<boolean>;
