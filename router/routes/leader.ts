/** Who hands out ports and writes answers. Without a Kubernetes Lease the single process always leads. */
export interface Leadership {
  /** Costs no more than reading a field; asked before each write. */
  readonly isLeader: () => boolean;
  /** The replica that leads, as far as this one knows; undefined where nobody is known to, and for a process alone. */
  readonly holder: () => string | undefined;
  /** Begins to apply for the lead. */
  readonly start: () => void;
  /** Gives the lead back, so that another replica need not wait for it to run out. */
  readonly stop: () => Promise<void>;
}

/** The leadership of a router that runs alone. */
export const ALONE: Leadership = {
  isLeader: () => true,
  holder: () => undefined,
  start: () => undefined,
  stop: () => Promise.resolve(),
};
