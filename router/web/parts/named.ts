import type { Identity } from '../../auth/identity/identity.ts';

/** A user as pages and API name them. */
export interface NamedUser {
  readonly id: string;
  readonly name: string;
}

export function named({ userId, userName }: Identity): NamedUser {
  return { id: userId, name: userName };
}
