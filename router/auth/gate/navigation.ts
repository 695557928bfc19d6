import { prefersHtml } from '../../grammar/accept.ts';
import type { Credentials } from '../identity/credentials.ts';
import type { GateRequest } from '../identity/request.ts';

/**
 * Whether a person waits for a page: only then does a redirect to sign-in help. Scripts, programs and preflights would take
 * the sign-in page for their answer (A44).
 */
export function isNavigation(
  request: { readonly kind: GateRequest['kind']; readonly method: string },
  credentials: Pick<Credentials, 'fetchSite' | 'fetchMode' | 'fetchDest' | 'accept'>,
): boolean {
  if (request.kind !== 'request') return false;
  const { fetchSite, fetchMode, fetchDest, accept } = credentials;
  if (fetchMode !== undefined) return fetchMode === 'navigate';
  if (fetchSite !== undefined || fetchDest !== undefined) return false;
  return (request.method === 'GET' || request.method === 'HEAD') && prefersHtml(accept);
}
