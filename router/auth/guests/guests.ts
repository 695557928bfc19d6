import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import { pathUrl } from '../../settings/urls.ts';
import type { RouterUrl } from '../../settings/values.ts';
import type { EndpointRights } from '../access/endpoint_rights.ts';
import { eachCookie, findCookie } from '../identity/cookie_header.ts';
import type { OwnCookies } from '../identity/cookie_names.ts';
import { COOKIES_TRIED } from '../identity/credentials.ts';
import { isOwners } from '../identity/owner.ts';
import { ownsHost, type GateRequest } from '../identity/request.ts';
import { settle, type Steps } from '../identity/steps.ts';
import {
  endpointAudience,
  readAudience,
  ROUTER_AUDIENCE,
  type Audience,
} from '../sealed/audience.ts';
import type { Sealer } from '../sealed/seal.ts';
import type { WayBack } from '../sessions/return_path.ts';
import { isLink, type Grant, type LinkRecord } from '../sharing/store.ts';
import type { Guest } from './guest.ts';

export interface GuestsParts {
  /** Where the records of links are. */
  readonly grants: { readonly get: (id: string) => Grant | undefined };
  readonly rights: Pick<EndpointRights, 'ceiling'>;
  readonly sealer: Pick<Sealer, 'seal' | 'open'>;
  readonly cookies: OwnCookies;
  readonly routerUrl: RouterUrl;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const LONGEST_MS = 7 * 24 * 3_600_000;
/** How long the way from the page of a link to an endpoint on another host may take. */
const VISIT_LIFE_MS = 60_000;

/**
 * Sessions of guests: a cookie that seals the id of a link and the name that somebody typed. It counts at the one endpoint of that link,
 * and only while the link stands. Made where ACCESS_GUESTS is on, and nowhere else: without this class no such cookie is read.
 *
 * Nobody can be made somebody else's guest from afar. The page of the link takes a form of its own alone, and on a host of the endpoint's
 * own the code is bound to the browser as that of a sign-in is (handover.ts). What remains is a page on a sibling host, or below the
 * same origin in path form, which sets a cookie of its own link: whoever it is set to visits, under a name that is not theirs, an
 * endpoint that they could be sent a link to as well, and a session or a token of their own goes before it.
 */
export class Guests {
  readonly #parts: GuestsParts;

  constructor(parts: GuestsParts) {
    this.#parts = parts;
  }

  /** Whether the link of this id lets guests in to this endpoint now. */
  admits(linkId: string, endpoint: Endpoint): boolean {
    const grant = this.#parts.grants.get(linkId);
    return grant !== undefined && isLink(grant) && this.opens(grant, endpoint);
  }

  /**
   * The same of a record: it stands for guests and for this one endpoint, which is still its giver's, and neither the task nor the
   * operator keeps it to its owner. A link for a whole project is for users alone.
   */
  opens(link: LinkRecord, endpoint: Endpoint): boolean {
    const { subject, gives } = link;
    const { rights, now } = this.#parts;
    return (
      gives.link.guests &&
      gives.link.expiresAt > now() &&
      'endpoint' in subject &&
      subject.endpoint === endpoint.id &&
      isOwners(link, endpoint.task) &&
      rights.ceiling(endpoint) !== 'owner'
    );
  }

  /** A session that counts at this endpoint; undefined while nothing can be sealed. Whoever asks has spent a use of the link for it. */
  begin(
    { id, gives }: LinkRecord,
    name: string,
    endpointId: EndpointId,
  ): Promise<string | undefined> {
    const { sealer, now } = this.#parts;
    const expiresAt = Math.min(gives.link.expiresAt, now() + LONGEST_MS);
    const audience = endpointAudience(endpointId);
    return sealer.seal('guest', { id, token: name, audience, expiresAt });
  }

  /**
   * The guest whom a request at the gate names. Never at a static route, and never for a tunnel: guests get HTTP and WebSocket alone.
   * Whether the link lets them in, and from where they were sent, the gate asks.
   */
  *find({ kind, target, rawHeaders }: GateRequest): Steps<Guest | undefined> {
    if (kind === 'tunnel' || target.kind !== 'endpoint') return undefined;
    const { cookies } = this.#parts;
    const name = ownsHost(target) ? cookies.guest : cookies.guestByPath;
    for (const text of presented(rawHeaders, name)) {
      const guest = yield* settle(this.#open(text, target.id));
      if (guest !== undefined) return guest;
    }
    return undefined;
  }

  #open(text: string, id: EndpointId): Guest | undefined | Promise<Guest | undefined> {
    const sealed = this.#parts.sealer.open('guest', text);
    const read = (opened: Awaited<typeof sealed>): Guest | undefined => {
      if (opened?.audience !== endpointAudience(id)) return undefined;
      const { id: linkId, token: name, expiresAt } = opened;
      return { linkId, name, expiresAt, actor: `guest of ${linkId}` };
    };
    return sealed instanceof Promise ? sealed.then(read) : read(sealed);
  }

  /** The Set-Cookies of a session at the host of this audience; undefined where the session does not count there. */
  async cookiesFor(session: string, audience: Audience): Promise<readonly string[] | undefined> {
    const { sealer, cookies, now } = this.#parts;
    const sealed = await sealer.open('guest', session);
    if (sealed === undefined) return undefined;
    const seconds = (sealed.expiresAt - now()) / 1000;
    if (audience === sealed.audience) return [cookies.set(cookies.guest, session, seconds)];
    const at = readAudience(sealed.audience);
    if (audience !== ROUTER_AUDIENCE || !('endpoint' in at)) return undefined;
    const { pathname } = new URL(pathUrl(this.#parts.routerUrl, at.endpoint));
    return [cookies.set(cookies.guestByPath, session, seconds, pathname)];
  }

  /**
   * The Set-Cookie, on the host of the router's own pages, that remembers for a minute who goes to an endpoint on another host. It opens
   * nothing: it is what sign-in knows a guest by who comes from there. Undefined while nothing can be sealed.
   */
  async visitCookie(session: string, endpointId: EndpointId): Promise<string | undefined> {
    const { sealer, cookies, now } = this.#parts;
    const expiresAt = now() + VISIT_LIFE_MS;
    const audience = endpointAudience(endpointId);
    const sealed = await sealer.seal('guest-visit', {
      id: endpointId,
      token: session,
      audience,
      expiresAt,
    });
    return sealed && cookies.set(cookies.guestVisit, sealed, VISIT_LIFE_MS / 1000);
  }

  /** The session of a guest who was sent to sign-in by the endpoint that their link opens. */
  async visiting(rawHeaders: readonly string[], back: WayBack): Promise<string | undefined> {
    const { sealer, cookies, routerUrl } = this.#parts;
    const text = findCookie(rawHeaders, cookies.guestVisit);
    const visit = text === undefined ? undefined : await sealer.open('guest-visit', text);
    if (visit === undefined) return undefined;
    const ownHost = back.audience === visit.audience;
    const byPath =
      back.audience === ROUTER_AUDIENCE && back.location.startsWith(pathUrl(routerUrl, visit.id));
    return ownHost || byPath ? visit.token : undefined;
  }
}

/** The values of this cookie in a request: a few at the most, for each costs a decryption. */
function presented(rawHeaders: readonly string[], name: string): readonly string[] {
  const found: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'cookie') continue;
    eachCookie(rawHeaders[i + 1] ?? '', [name], (_name, value) => {
      if (found.length < COOKIES_TRIED) found.push(value);
    });
  }
  return found;
}
