import type { z } from 'zod';

import { ANSWER_TIME_LIMIT_MS } from './check.ts';

/**
 * What the router tells of its routes to the holder of a token, as far as `schema` reads it.
 *
 * @throws Error with the status when it is refused.
 */
export async function routerList<S extends z.ZodType>(
  url: string,
  token: string,
  schema: S,
): Promise<z.output<S>> {
  const response = await fetch(`${url}/api/v1/routes`, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_TIME_LIMIT_MS),
  });
  if (response.status !== 200) throw new Error(`answered with ${response.status}`);
  return schema.parse(await response.json());
}
