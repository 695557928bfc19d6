import type { Target } from '../../routes/model/target.ts';

/** What the gate needs to know of a request, an upgrade or a tunnel; all of it read once by the proxy. */
export interface GateRequest {
  readonly target: Target & { readonly kind: 'endpoint' | 'static' };
  /** `tunnel` is an upgrade that asks for TCP over WebSocket. */
  readonly kind: 'request' | 'upgrade' | 'tunnel';
  readonly method: string;
  /** A port that no task asked for, of the task that the target names: the owner's own computer alone may have it. */
  readonly ownPort?: number | undefined;
  /** Name, value, name, value …, as they came. */
  readonly rawHeaders: readonly string[];
  /** Raw request-target, for the way back after sign-in. */
  readonly rawUrl: string;
  /** The one Host header, as it came. */
  readonly host: string;
  /** The client's address: the peer's, or what a trusted proxy said. */
  readonly clientAddress: string;
  /** It was let in to another task of its route, which failed. Not to be let in to the next one as well is no denial of anything. */
  readonly goesOn?: boolean;
}

/** Whether the target has a host, and so an origin, of its own. */
export function ownsHost(target: GateRequest['target']): boolean {
  return target.kind === 'endpoint'
    ? target.form === 'wildcard'
    : target.route.type === 'subdomain';
}
