import * as z from 'zod';
import type { SectionShape } from '../../state/shared_state.ts';

const RECORD = z.object({
  id: z.string(),
  userId: z.string(),
  /** What the user was called when it was made; absent in records of version 0.2. */
  userName: z.string().optional(),
  companyId: z.string(),
  /** The endpoint or static route that it opens: see audience.ts. */
  audience: z.string(),
  label: z.string(),
  /** Milliseconds since the epoch, as `expiresAt` is. */
  createdAt: z.number(),
  expiresAt: z.number(),
});

/** What is kept of an endpoint token: nothing that opens anything. */
export type EndpointTokenRecord = Readonly<z.infer<typeof RECORD>>;

/** The section that keeps them: 448 KiB of the 1 MiB that a ConfigMap holds. */
export const ENDPOINT_TOKENS: SectionShape<readonly EndpointTokenRecord[]> = {
  name: 'endpoint-tokens',
  schema: z.array(RECORD),
  empty: [],
  mostBytes: 448 * 1024,
};
