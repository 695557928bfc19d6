import type { Server } from 'node:http';
import { VERSION } from '../version.ts';
import { aliveAnswer, readyAnswer, type ReadinessCheck } from './health_server.ts';
import { createPlainServer, json, type Answering, type PlainAnswer } from './plain_server.ts';

/** What the admin server needs from the router. */
export interface AdminServerDeps {
  /** Media type of what `metrics` gives. */
  readonly contentType: string;
  /** The text of /metrics. */
  readonly metrics: () => Promise<string>;
  /** Asked on each /readyz. */
  readonly readiness: () => readonly ReadinessCheck[];
  /** Called before each /metrics: sets the gauges that are read off the state of the router. */
  readonly refresh?: () => void;
  /** Where and how the other replicas are answered; undefined where there are none. */
  readonly peers?: { readonly path: string; readonly answer: Answering } | undefined;
}

/**
 * The HTTP server of ADMIN_PORT, not yet listening: `/healthz` (the process works), `/readyz` (every required check holds; else
 * 503; JSON detail and the router's version in both cases), `/metrics` (Prometheus text), and what other replicas ask. It has a port of
 * its own so that no rule of the users' port can be skipped by the name of a health check (GHSA-5hvv-m4w4-gf6v).
 */
export function createAdminServer(deps: AdminServerDeps): Server {
  const ready = (): PlainAnswer => {
    const checks = deps.readiness();
    return readyAnswer(checks, { version: VERSION, checks });
  };
  const metrics = async (): Promise<PlainAnswer> => {
    deps.refresh?.();
    try {
      return { status: 200, type: deps.contentType, body: await deps.metrics() };
    } catch (error) {
      return json(500, { error: String(error) });
    }
  };
  return createPlainServer(
    new Map<string, Answering>([
      ['/healthz', aliveAnswer],
      ['/readyz', ready],
      ['/metrics', metrics],
      ...(deps.peers === undefined ? [] : [[deps.peers.path, deps.peers.answer] as const]),
    ]),
  );
}
