import * as z from 'zod';
import { SECTION_BYTES } from '../../state/section_bytes.ts';
import type { SectionShape } from '../../state/shared_state.ts';

/** The computer that shows a code. */
const DEVICE = z.object({
  /** Of what the computer alone holds: see device_sign_ins.ts. */
  id: z.string(),
  /** What it calls itself: its own word, without control characters. */
  label: z.string(),
  /** Where its question came from, as the router saw it. */
  address: z.string(),
});

/** What its user answered. `taken`: a yes that the computer has fetched. */
const ANSWER = z.union([
  z.literal('refused'),
  z.literal('taken'),
  /** `sealed` opens nothing by itself: a replica makes the token of it for the computer that holds the device code. */
  z.object({ tokenId: z.string(), sealed: z.string() }),
]);

const SIGN_IN = z.object({
  /** The code that this user typed. */
  code: z.string(),
  userId: z.string(),
  userName: z.string(),
  companyId: z.string(),
  /** Milliseconds since the epoch, as `expiresAt` is. */
  claimedAt: z.number(),
  expiresAt: z.number(),
  /** Undefined until the computer has asked again since the code was typed. */
  device: DEVICE.optional(),
  answer: ANSWER.optional(),
});

/** A computer whose code a user has typed, for as long as the code holds. */
export type DeviceSignIn = Readonly<z.infer<typeof SIGN_IN>>;
export type Device = Readonly<z.infer<typeof DEVICE>>;

/** The section that keeps them. */
export const DEVICE_SIGN_INS: SectionShape<readonly DeviceSignIn[]> = {
  name: 'device-sign-ins',
  schema: z.array(SIGN_IN),
  empty: [],
  mostBytes: SECTION_BYTES['device-sign-ins'],
};
