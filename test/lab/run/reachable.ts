import type { ClearMl } from '../clearml/server.ts';
import type { Answers, Samples } from './samples.ts';

/** What a person, or a check, reaches of a run, with a cluster or without. */
export interface Reachable {
  readonly clearml: ClearMl;
  readonly samples: Samples;
  readonly answers: Answers;
}
