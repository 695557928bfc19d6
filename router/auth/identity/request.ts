import type { Target } from '../../routes/model/target.ts';

/** What the gate needs to know of a request, an upgrade or a tunnel; all of it read once by the proxy. */
export interface GateRequest {
  readonly target: Target & { readonly kind: 'endpoint' | 'static' };
  readonly kind: 'request' | 'upgrade';
  readonly method: string;
  /** Name, value, name, value …, as they came. */
  readonly rawHeaders: readonly string[];
  /** Raw request-target, for the way back after sign-in. */
  readonly rawUrl: string;
  /** The one Host header, as it came. */
  readonly host: string;
  /** The client's address: the peer's, or what a trusted proxy said. */
  readonly clientAddress: string;
}

/** Whether the target has a host, and so an origin, of its own. */
export function ownsHost(target: GateRequest['target']): boolean {
  return target.kind === 'endpoint'
    ? target.form === 'wildcard'
    : target.route.type === 'subdomain';
}
