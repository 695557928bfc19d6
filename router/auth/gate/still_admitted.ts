import type { RouteSource } from '../../routes/model/table.ts';
import type { AccessDecisions } from '../access/access.ts';
import { questionOf, type EndpointRights } from '../access/endpoint_rights.ts';
import type { Guests } from '../guests/guests.ts';
import type { EndpointTokens } from '../endpoint_tokens/endpoint_tokens.ts';
import type { OwnPorts } from '../own_ports/own_ports.ts';
import { DENIALS } from './denials.ts';
import { stillRouted } from './still_routed.ts';
import type { StillAdmitted } from './watches.ts';

/** What an open session's right is asked with. */
export interface StillAdmittedParts {
  readonly routes: RouteSource;
  readonly access: AccessDecisions;
  readonly rights: EndpointRights;
  readonly endpointTokens: EndpointTokens | undefined;
  /** Undefined where no guests are let in: ACCESS_GUESTS is off, or links are kept nowhere. */
  readonly guests: Guests | undefined;
  /** Undefined where ports are reached by asks alone. */
  readonly ownPorts: OwnPorts | undefined;
  readonly now: () => number;
}

/** Asks again for all that let somebody in: the endpoint, the time, the record of an endpoint or device token, the level, ClearML's word; of a guest the link. */
export function createStillAdmitted(parts: StillAdmittedParts): StillAdmitted {
  const { routes, access, rights, endpointTokens, guests, ownPorts, now } = parts;
  return async (admitted) => {
    const { identity, guest } = admitted;
    if (identity === undefined && guest === undefined) return undefined;
    const routed = stillRouted(admitted, routes.current());
    if (routed === undefined) return 'unknown-endpoint';
    if (identity === undefined) {
      if (guest === undefined || guest.expiresAt <= now()) return 'token-expired';
      return guests?.admits(guest.linkId, routed.endpoint) === true ? undefined : 'token-revoked';
    }
    if (identity.expiresAt <= now()) return 'token-expired';
    const { recordId } = identity;
    if (recordId !== undefined) {
      const stands = await endpointTokens?.stands(recordId);
      if (stands !== true) return 'token-revoked';
    }
    if (admitted.ownPort !== undefined) {
      const leads = await ownPorts?.stillLeads(identity, admitted.endpoint);
      if (leads !== true) return 'unknown-endpoint';
    }
    if (rights.by(identity, routed.endpoint, routed.route) === undefined) return 'not-visible';
    const verdict = await access.ask(identity, questionOf(admitted.access, routed.endpoint));
    return verdict === 'yes' ? undefined : DENIALS[verdict].reason;
  };
}
