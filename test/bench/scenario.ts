import type { RunningPeer } from './peer.ts';

/** What one peer did in one scenario. */
export interface Measurement {
  /** In the scenario's unit. */
  readonly value: number;
  /** Microseconds of CPU of the processes under test for one operation, where operations are counted. */
  readonly cpu?: number;
  /** The same by what it is made of, such as the methods of requests, for the table alone. */
  readonly parts?: Readonly<Record<string, number>>;
}

/** What a figure is held against. */
export interface Goal {
  /** Whose figure; the router's unless it says otherwise. */
  readonly subject?: string;
  readonly of: 'value' | 'cpu';
  readonly comparison: 'at least' | 'at most';
  /** `ratio`: so many times the peer's figure; `above`: so much more than it; `absolute`: the figure itself. */
  readonly against:
    | { readonly ratio: number; readonly peer: string }
    | { readonly above: number; readonly peer: string }
    | { readonly absolute: number };
}

/** One thing that is measured. */
export interface Scenario {
  readonly name: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  /** Its rounds are added up; their middle counts unless given. */
  readonly sums?: boolean;
  readonly goals: readonly Goal[];
  /** Each peer alone and once, in a process that has done nothing before. */
  readonly fresh?: boolean;
  /** How many times as long as usual a turn is, and how many rounds there are then. */
  readonly long?: { readonly turn: number; readonly rounds: number };
  /** What comes before the first round; a longer turn unless given. */
  readonly warmUp?: (peer: RunningPeer, seconds: number) => Promise<unknown>;
  /** One round. Undefined where the peer offers nothing of the kind. */
  readonly run: (peer: RunningPeer, seconds: number) => Promise<Measurement | undefined>;
}

/** At least so many times as much as the peer. */
export function atLeast(ratio: number, peer: string): Goal {
  return { of: 'value', comparison: 'at least', against: { ratio, peer } };
}

/** At most so many times as much of the CPU as the peer. */
export function cpuAtMost(ratio: number, peer: string): Goal {
  return { of: 'cpu', comparison: 'at most', against: { ratio, peer } };
}
