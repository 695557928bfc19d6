import type { Credentials } from './credentials.ts';

/** A media range of an Accept header and its weight. */
interface MediaRange {
  readonly type: string;
  readonly weight: number;
}

/** RFC 9110, section 12.4.2; a weight that is not one counts as 0, so that garbage never wins. */
function readWeight(parameters: readonly string[]): number {
  for (const parameter of parameters) {
    const [name, value] = parameter.trim().split('=', 2);
    if (name?.toLowerCase() !== 'q') continue;
    return /^[01](\.\d{0,3})?$/.test(value ?? '') ? Number(value) : 0;
  }
  return 1;
}

function readAccept(accept: string): MediaRange[] {
  return accept
    .slice(0, 1024)
    .split(',')
    .map((range) => {
      const [type, ...parameters] = range.split(';');
      return { type: (type ?? '').trim().toLowerCase(), weight: readWeight(parameters) };
    });
}

/** Whether `text/html` is what the client wants most: of the types that it names, the first of the highest weight. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  let best: MediaRange | undefined;
  let anything = 0;
  for (const range of readAccept(accept)) {
    if (range.type === '*/*') anything = range.weight;
    else if (range.weight > (best?.weight ?? 0)) best = range;
  }
  return (
    best !== undefined &&
    best.weight >= anything &&
    (best.type === 'text/html' || best.type === 'application/xhtml+xml')
  );
}

/**
 * Whether a person waits for a page: only then does a redirect to sign-in help. Scripts, programs and preflights would take
 * the sign-in page for their answer (A44).
 */
export function isNavigation(
  request: { readonly kind: 'request' | 'upgrade'; readonly method: string },
  credentials: Pick<Credentials, 'fetchSite' | 'fetchMode' | 'fetchDest' | 'accept'>,
): boolean {
  if (request.kind === 'upgrade') return false;
  const { fetchSite, fetchMode, fetchDest, accept } = credentials;
  if (fetchMode !== undefined) return fetchMode === 'navigate';
  if (fetchSite !== undefined || fetchDest !== undefined) return false;
  return (request.method === 'GET' || request.method === 'HEAD') && prefersHtml(accept);
}
