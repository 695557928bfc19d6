import type { SharingActs } from '../../auth/auth.ts';
import type { Guests } from '../../auth/guests/guests.ts';
import { usesLeft } from '../../auth/sharing/links.ts';
import type { LinkRecord } from '../../auth/sharing/store.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { browserUrl, type EndpointPlaces } from '../../settings/urls.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log } from '../../telemetry/log.ts';

export interface GuestActsParts {
  readonly sharing: Pick<SharingActs, 'grants' | 'links'>;
  readonly guests: Guests;
  readonly routes: RouteSource;
  readonly places: EndpointPlaces;
  readonly log: Log;
}

/** A link that lets in guests now, and where it leads. */
export interface GuestLink {
  readonly link: LinkRecord;
  readonly endpoint: Endpoint;
  readonly url: string;
}

/** What somebody without an account does who was given a link. */
export class GuestActs {
  readonly #parts: GuestActsParts;

  constructor(parts: GuestActsParts) {
    this.#parts = parts;
  }

  /** What a link leads a guest to; undefined where it lets in none, or is none. Nothing is spent. */
  open(text: string): GuestLink | undefined {
    const { sharing, guests, routes, places } = this.#parts;
    const link = sharing.links.open(text);
    if (link === undefined || usesLeft(link.gives.link) === 0) return undefined;
    if (!('endpoint' in link.subject)) return undefined;
    const endpoint = routes.current().endpoints.get(link.subject.endpoint);
    if (endpoint === undefined || !guests.opens(link, endpoint)) return undefined;
    const url = endpoint.http && browserUrl(places, endpoint);
    return url === undefined ? undefined : { link, endpoint, url };
  }

  /** Spends one use, and gives the session that it was spent for. */
  async admit(
    { link, endpoint }: GuestLink,
    name: string,
    client: string,
  ): Promise<{ readonly session: string } | 'spent' | 'unavailable'> {
    const { sharing, guests, log } = this.#parts;
    const session = await guests.begin(link, name, endpoint.id);
    if (session === undefined) return 'unavailable';
    const outcome = await sharing.grants.admitGuest(link.id, name);
    if (outcome !== 'redeemed') return outcome;
    log.info(
      {
        event: 'guest_admitted',
        guest: excerpt(name),
        owner: excerpt(link.ownerId),
        grant: link.id,
        endpoint: excerpt(endpoint.id),
        client: excerpt(client),
      },
      'A link let in a guest without an account',
    );
    return { session };
  }
}
