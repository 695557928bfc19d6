/** A value of a runtime dictionary: tasks write strings or numbers. */
export type RuntimeValue = string;

/** What the router takes of a task in an answer of ClearML. Everything else ends at the border. */
export interface TaskRow {
  readonly id: string;
  readonly status: string;
  readonly name: string;
  readonly type: string;
  readonly projectName: string | undefined;
  readonly userId: string;
  readonly companyId: string;
  readonly queueId: string | undefined;
  readonly systemTags: readonly string[];
  /** Milliseconds since the epoch; 0 when the server does not say. */
  readonly startedAt: number;
  /** As the server wrote it (ISO 8601); undefined on servers that do not say. */
  readonly lastChange: string | undefined;
  /** The keys of the contract alone, numbers as text: a task's secrets stand in the same dictionary and are not kept. */
  readonly runtime: ReadonlyMap<string, RuntimeValue>;
}
