import { createServer, type Server } from 'node:http';
import { VERSION } from '../version.ts';

/** One thing that readiness depends on or tells about, as /readyz shows it. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What is wrong and what to do next; shown to whoever may reach ADMIN_PORT. */
  readonly detail?: string;
  /** False where a failing check is told but does not make the router unready (a full port range). */
  readonly required: boolean;
}

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
}

/**
 * The HTTP server of ADMIN_PORT, not yet listening: `/healthz` (the process works), `/readyz` (every required check holds; else
 * 503; JSON detail and the router's version in both cases), `/metrics` (Prometheus text). It has a port of its own so that no rule of the users' port can
 * be skipped by the name of a health check (GHSA-5hvv-m4w4-gf6v).
 */
export function createAdminServer(deps: AdminServerDeps): Server {
  const server = createServer((request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response
        .writeHead(status, {
          'content-type': type,
          'content-length': Buffer.byteLength(body),
          'cache-control': 'no-store',
        })
        .end(request.method === 'HEAD' ? undefined : body);
    };
    const json = (status: number, value: unknown): void =>
      answer(status, 'application/json', `${JSON.stringify(value)}\n`);

    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      json(405, { error: 'method not allowed' });
      return;
    }
    switch (request.url?.split('?', 1)[0]) {
      case '/healthz':
        json(200, { status: 'ok' });
        return;
      case '/readyz': {
        const checks = deps.readiness();
        const ready = checks.every((check) => check.ok || !check.required);
        const status = ready ? 'ready' : 'not ready';
        json(ready ? 200 : 503, { status, version: VERSION, checks });
        return;
      }
      case '/metrics':
        deps.refresh?.();
        deps.metrics().then(
          (text) => answer(200, deps.contentType, text),
          (error: unknown) => json(500, { error: String(error) }),
        );
        return;
      default:
        json(404, { error: 'not found', paths: ['/healthz', '/readyz', '/metrics'] });
    }
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  return server;
}
