import * as z from 'zod';
import { DEVICE_AUDIENCE } from '../sealed/audience.ts';
import { SECTION_BYTES } from '../../state/section_bytes.ts';
import type { SectionShape } from '../../state/shared_state.ts';

const RECORD = z.object({
  id: z.string(),
  userId: z.string(),
  /** What the user was called when it was made; absent in records of version 0.2. */
  userName: z.string().optional(),
  companyId: z.string(),
  /** The endpoint or static route that it opens, or `device`: see audience.ts. */
  audience: z.string(),
  label: z.string(),
  /** Milliseconds since the epoch, as `expiresAt` is. */
  createdAt: z.number(),
  expiresAt: z.number(),
  /** To within an hour; absent where it was never used. */
  lastUsedAt: z.number().optional(),
});

/** What is kept of an endpoint token, or of a device token: nothing that opens anything. */
export type EndpointTokenRecord = Readonly<z.infer<typeof RECORD>>;

export function isDeviceToken({ audience }: Pick<EndpointTokenRecord, 'audience'>): boolean {
  return audience === DEVICE_AUDIENCE;
}

/** The section that keeps them. */
export const ENDPOINT_TOKENS: SectionShape<readonly EndpointTokenRecord[]> = {
  name: 'endpoint-tokens',
  schema: z.array(RECORD),
  empty: [],
  mostBytes: SECTION_BYTES['endpoint-tokens'],
};
