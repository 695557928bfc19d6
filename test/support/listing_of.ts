import { get, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { LISTING, type Listing } from '../../router/web/overview/listing.ts';

/** Where a router answers, and whom it is to answer. */
export interface Asked {
  /** Of its own pages. */
  readonly host: string;
  readonly port: number;
  readonly token: string;
  /** Loopback's first unless given. */
  readonly address?: string;
}

/** What a router lists at `/api/v1/routes`. */
export async function listingOf(asked: Asked): Promise<Listing> {
  const { host, port, token, address = '127.0.0.1' } = asked;
  const headers = { host, authorization: `Bearer ${token}` };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: address, port, path: '/api/v1/routes', headers, agent: false }, resolve).on(
      'error',
      reject,
    );
  });
  return LISTING.parse(await json(answer));
}
