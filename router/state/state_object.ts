/** All sections at one moment, as text by name. `version` changes with each write. */
export interface StateText {
  readonly version: string;
  readonly texts: ReadonlyMap<string, string>;
}

/** The one place that every replica reads and writes. Every method throws when it cannot be reached. */
export interface StateObject {
  readonly read: () => Promise<StateText>;
  /** Writes one section and leaves the others alone. False when somebody else wrote since `before` was read. */
  readonly write: (before: StateText, name: string, text: string) => Promise<boolean>;
  readonly close?: () => void;
}
