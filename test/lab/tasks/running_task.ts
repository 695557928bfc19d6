/** What a sample task asks for: a way to where it listens. */
export interface SampleAsk {
  readonly name: string;
  readonly protocol: 'http' | 'tcp';
  /** The pod's or process's own address. */
  readonly address: string;
  readonly port: number;
}

/** A ClearML task that runs until it is stopped. */
export interface RunningTask {
  readonly taskId: string;
  stop(): Promise<void>;
}
