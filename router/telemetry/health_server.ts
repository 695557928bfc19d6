import type { Server } from 'node:http';
import { createPlainServer, json, type PlainAnswer } from './plain_server.ts';

/** One thing that readiness depends on or tells about, as /readyz of the admin port shows it. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What is wrong and what to do next; shown to whoever may reach ADMIN_PORT. */
  readonly detail?: string;
  /** False where a failing check is told but does not make the router unready (a full port range). */
  readonly required: boolean;
}

/** The answer of /healthz: the process works. */
export function aliveAnswer(): PlainAnswer {
  return json(200, { status: 'ok' });
}

/**
 * The answer of /readyz: 200 while every required check holds, else 503.
 *
 * @param detail what the answer tells beside that.
 */
export function readyAnswer(checks: readonly ReadinessCheck[], detail: object = {}): PlainAnswer {
  const isReady = checks.every((check) => check.ok || !check.required);
  return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', ...detail });
}

/**
 * The HTTP server of HEALTH_PORT, not yet listening: `/healthz` and `/readyz` by their status alone. Load balancers ask it from addresses
 * that nobody may be able to name, so that it may be open to everybody, tasks included: what the checks found, the version and the
 * metrics are for the admin port.
 *
 * @param readiness asked on each /readyz.
 */
export function createHealthServer(readiness: () => readonly ReadinessCheck[]): Server {
  return createPlainServer(
    new Map([
      ['/healthz', aliveAnswer],
      ['/readyz', () => readyAnswer(readiness())],
    ]),
  );
}
