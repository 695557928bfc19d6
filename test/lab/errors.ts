/** What can go wrong in the lab, as one closed list. */
export type LabErrorCode =
  /** The command line cannot be understood; the message ends with the usage. */
  | 'ARGUMENTS_INVALID'
  /** The router did not answer a task that asks for access. */
  | 'ANSWER_MISSING'
  /** Something that has to be true of a run is not. */
  | 'CHECK_FAILED'
  /** Something that the run needs is neither there nor to be had; the message lists all of it. */
  | 'PREREQUISITES_MISSING'
  /** The folder in which tools are kept cannot be written to. */
  | 'CACHE_UNWRITABLE'
  /** A tool could not be built from its Go module. */
  | 'BUILD_FAILED'
  /** A command that the lab ran ended with an error. */
  | 'COMMAND_FAILED'
  /** Another run holds what this one needs: the checkout's cluster, or every network that could be used. */
  | 'IN_USE'
  /** A part of the cluster did not start, or stopped; the message ends with the last lines of its log. */
  | 'CLUSTER_FAILED'
  /** The recorded state of a run cannot be read. */
  | 'STATE_INVALID'
  /** Something was still there after it was removed. */
  | 'CLEANUP_FAILED';

/** The one error class of the lab. The message says what is wrong, where, and what to do next. */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
