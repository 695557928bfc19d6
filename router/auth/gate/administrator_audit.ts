import { LRUCache } from 'lru-cache';
import type { Endpoint } from '../../routes/model/endpoint.ts';
import { excerpt } from '../../telemetry/hostile_text.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Identity } from '../identity/identity.ts';
import type { GateRequest } from '../identity/request.ts';

/** A page makes many requests; one opening is told once within this time. */
const TOLD_AGAIN_AFTER_MS = 60_000;
const OPENINGS_KEPT = 10_000;

/** Writes an audit line where an administrator opens what is another's and not shared with them. */
export function createAdministratorAudit(log: Log, now: () => number) {
  const told = new LRUCache<string, number>({ max: OPENINGS_KEPT });
  return (
    { userId, tokenKey }: Identity,
    { id, task }: Endpoint,
    { kind, clientAddress }: GateRequest,
  ): void => {
    const key = `${tokenKey} ${kind} ${id}`;
    const at = told.get(key);
    if (at !== undefined && now() < at + TOLD_AGAIN_AFTER_MS) return;
    told.set(key, now());
    log.info(
      {
        event: 'opened_by_administrator',
        endpoint: excerpt(id),
        owner: excerpt(task.userId),
        user: excerpt(userId),
        kind,
        client: excerpt(clientAddress),
      },
      'An administrator opened an endpoint that is neither theirs nor shared with them',
    );
  };
}
