import { readFileSync } from 'node:fs';

import { InfraError } from '../errors.ts';

/** Where `pack.ts` puts the router's bundle, seen from this file as it is compiled into the package. */
const BUNDLE = new URL('../../router.cjs', import.meta.url);

/** @throws InfraError `bundle-failed` outside of a package. */
export function packedCode(): string {
  try {
    return readFileSync(BUNDLE, 'utf8');
  } catch (cause) {
    const message = `The router's bundle is not where npm pack puts it: ${String(cause)}`;
    throw new InfraError('bundle-failed', message);
  }
}
