import type { Metrics } from '../telemetry/metrics.ts';
import type { FailureClass } from '../upstream/failure.ts';

export type RequestKind = 'endpoint' | 'static' | 'own' | 'refused';

const CODES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

function codeOf(status: number): (typeof CODES)[number] {
  return CODES[Math.floor(status / 100) - 1] ?? '5xx';
}

/**
 * The proxy's side of the router's metrics. Labelled children are resolved once and kept: looking one up costs more than all
 * else that a request pays here.
 */
export class TrafficMetrics {
  readonly #metrics: Metrics;
  readonly #requests = new Map<string, { inc: () => void }>();
  readonly #durations = new Map<string, { observe: (seconds: number) => void }>();
  readonly #bytesIn;
  readonly #bytesOut;
  readonly #webSocketBytesIn;
  readonly #webSocketBytesOut;
  readonly #webSockets;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    for (const code of CODES) this.#durations.set(code, metrics.httpDuration.labels(code));
    this.#bytesIn = metrics.bytes.labels('in', 'http');
    this.#bytesOut = metrics.bytes.labels('out', 'http');
    this.#webSocketBytesIn = metrics.bytes.labels('in', 'websocket');
    this.#webSocketBytesOut = metrics.bytes.labels('out', 'websocket');
    this.#webSockets = metrics.openSockets.labels('websocket');
  }

  /** One request answered; `duration` in milliseconds. */
  answered(
    kind: RequestKind,
    status: number,
    duration: number,
    bytesIn: number,
    bytesOut: number,
  ): void {
    const code = codeOf(status);
    const key = code + kind;
    let requests = this.#requests.get(key);
    if (requests === undefined) {
      requests = this.#metrics.httpRequests.labels(code, kind);
      this.#requests.set(key, requests);
    }
    requests.inc();
    this.#durations.get(code)?.observe(duration / 1000);
    if (bytesIn > 0) this.#bytesIn.inc(bytesIn);
    if (bytesOut > 0) this.#bytesOut.inc(bytesOut);
  }

  failed(failure: FailureClass): void {
    this.#metrics.upstreamErrors.labels(failure).inc();
  }

  /** Another task was asked in place of one that was lost. */
  failedOver(kind: 'request' | 'websocket' | 'tunnel'): void {
    this.#metrics.failovers.inc({ kind });
  }

  webSocketOpened(): void {
    this.#webSockets.inc();
  }

  webSocketClosed(bytesIn: number, bytesOut: number): void {
    this.#webSockets.dec();
    if (bytesIn > 0) this.#webSocketBytesIn.inc(bytesIn);
    if (bytesOut > 0) this.#webSocketBytesOut.inc(bytesOut);
  }
}
