import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { excerpt } from '../telemetry/hostile_text.ts';
import type { Denied, GateRequest } from './decision.ts';

/** Counts each denial and writes its audit line: who, from where, to what, why. Never what was presented. */
export function createDenialAudit(
  log: Log,
  metrics: Pick<Metrics, 'denials'>,
): (denied: Denied, request: GateRequest) => void {
  return ({ status, reason, identity }, { target, kind, method, clientAddress }) => {
    metrics.denials.inc({ reason });
    log.info(
      {
        event: 'denied',
        reason,
        status,
        kind,
        method: excerpt(method),
        endpoint: target.kind === 'endpoint' ? excerpt(target.id) : undefined,
        route: target.kind === 'static' ? excerpt(target.route.name) : undefined,
        user: identity === undefined ? undefined : excerpt(identity.userId),
        client: excerpt(clientAddress),
      },
      'The gate refused a request',
    );
  };
}
