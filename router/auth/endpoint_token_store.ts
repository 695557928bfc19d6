import * as z from 'zod';

/** What is kept of an endpoint token: nothing that opens anything. */
export interface EndpointTokenRecord {
  readonly id: string;
  readonly userId: string;
  readonly companyId: string;
  /** The endpoint or static route that it opens: see audience.ts. */
  readonly audience: string;
  readonly label: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** All records at one moment. `version` changes with each write. */
export interface Records {
  readonly version: string;
  readonly records: readonly EndpointTokenRecord[];
}

/**
 * Where the records are: one object that every replica reads and writes. Every method throws when the place cannot be
 * reached.
 */
export interface EndpointTokenStore {
  readonly read: () => Promise<Records>;
  /** False when somebody else wrote since `before` was read. */
  readonly write: (before: Records, records: readonly EndpointTokenRecord[]) => Promise<boolean>;
}

const RECORDS = z.array(
  z.object({
    id: z.string(),
    userId: z.string(),
    companyId: z.string(),
    audience: z.string(),
    label: z.string(),
    createdAt: z.number(),
    expiresAt: z.number(),
  }),
);

/** Parses what a store holds; an empty text holds no records. */
export function parseRecords(text: string): readonly EndpointTokenRecord[] {
  return text.trim() === '' ? [] : RECORDS.parse(JSON.parse(text));
}

export function formatRecords(records: readonly EndpointTokenRecord[]): string {
  return JSON.stringify(records);
}
