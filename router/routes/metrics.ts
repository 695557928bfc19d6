import type { Metrics } from '../telemetry/metrics.ts';
import type { Route } from './model/endpoint.ts';
import type { Routes } from './routes.ts';

const STATES: readonly Route['state'][] = ['open', 'waiting', 'refused'];

/** Sets the gauges that are read off the route table; called before each /metrics, so that nothing is counted in between. */
export function observeRoutes(routes: Pick<Routes, 'current' | 'state'>, metrics: Metrics): void {
  const { endpoints, confirmedAt } = routes.current();
  const { leader, portsLeft } = routes.state();
  for (const protocol of ['http', 'tcp'] as const) {
    const counts = { open: 0, waiting: 0, refused: 0 };
    for (const endpoint of endpoints.values()) {
      const state = endpoint[protocol]?.state;
      if (state !== undefined) counts[state] += 1;
    }
    for (const state of STATES) metrics.routes.set({ lane: protocol, state }, counts[state]);
  }
  if (portsLeft !== undefined) metrics.tcpPortsLeft.set(portsLeft);
  if (confirmedAt > 0) metrics.tableAge.set((Date.now() - confirmedAt) / 1000);
  metrics.leader.set(leader ? 1 : 0);
}
