import type { Log } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import { withoutSecret } from '../sharing/links.ts';
import { actorOf, type Denied } from './decision.ts';
import type { GateRequest } from '../identity/request.ts';

/** What an audit line tells of a request: for an endpoint, a static route or, by its path, a page of the router's own. */
type AuditedRequest = Pick<GateRequest, 'kind' | 'method' | 'clientAddress' | 'goesOn'> & {
  readonly target: GateRequest['target'] | { readonly kind: 'own'; readonly path: string };
};

export type DenialAudit = (denied: Denied, request: AuditedRequest) => void;

/** Counts each denial and writes its audit line: who, from where, to what, why. Never what was presented. */
export function createDenialAudit(log: Log, metrics: Pick<Metrics, 'denials'>): DenialAudit {
  return (denied, { target, kind, method, clientAddress, goesOn }) => {
    if (goesOn === true) return;
    const { status, reason } = denied;
    const user = actorOf(denied);
    metrics.denials.inc({ reason });
    log.info(
      {
        event: 'denied',
        reason,
        status,
        kind,
        method: excerpt(method),
        endpoint: target.kind === 'endpoint' ? excerpt(target.id) : undefined,
        page: target.kind === 'own' ? excerpt(withoutSecret(target.path)) : undefined,
        route: target.kind === 'static' ? excerpt(target.route.name) : undefined,
        user: user === undefined ? undefined : excerpt(user),
        client: excerpt(clientAddress),
      },
      'A request was refused',
    );
  };
}
