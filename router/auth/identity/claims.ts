import * as z from 'zod';

/**
 * What the router needs of a ClearML token's payload; everything else that a server puts there is left alone. The times
 * (`exp`, `nbf`) are jose's to check.
 */
const CLAIMS = z.object({
  auth_type: z.literal('Bearer'),
  identity: z.object({
    user: z.string().min(1),
    company: z.string(),
    role: z.string().nullish(),
    user_name: z.string().nullish(),
  }),
  exp: z.number().optional(),
  iat: z.number().optional().catch(undefined),
});

export type Claims = z.infer<typeof CLAIMS>;

/** Undefined where the payload is not one of a ClearML token. */
export function readClaims(payload: unknown): Claims | undefined {
  const parsed = CLAIMS.safeParse(payload);
  return parsed.success ? parsed.data : undefined;
}
