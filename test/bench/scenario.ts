import type { RunningPeer } from './peer.ts';

/** What one process did in one scenario. */
export interface Measurement {
  /** In the scenario's unit. */
  readonly value: number;
  /** Microseconds of CPU of the process under test for one operation, where operations are counted. */
  readonly cpu?: number;
}

/** What the router is held against: at least (or at most) `times` the peer's figure. */
export interface Goal {
  readonly peer: string;
  readonly of: 'value' | 'cpu';
  readonly comparison: 'at least' | 'at most';
  readonly times: number;
}

/** One thing that is measured. */
export interface Scenario {
  readonly name: string;
  readonly unit: string;
  readonly goals: readonly Goal[];
  /** Undefined where the peer offers nothing of the kind. */
  readonly run: (peer: RunningPeer, seconds: number) => Promise<Measurement | undefined>;
}
