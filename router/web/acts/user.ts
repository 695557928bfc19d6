import * as z from 'zod';
import type { Identity } from '../../auth/identity/identity.ts';
import type { Known } from '../../auth/gate/viewer.ts';

/** Somebody who is known by name; without authentication nobody gives anything away. */
export type User = Known & { readonly identity: Identity };

const KEY = z.string().trim().max(512).optional();

/** What is typed along with an act that takes the keys again: see act_guard.ts. */
export const TYPED_KEYS = {
  access_key: KEY.meta({
    description:
      'Asked of callers with a cookie where pages of tasks share the origin of the API; or a user name.',
  }),
  secret_key: KEY.meta({ description: 'The same; or the password.' }),
};
