import type { EndpointId } from '../../grammar/endpoint_id.ts';
import type { StaticRoute } from './table.ts';

/**
 * What a request line addresses, read once from the raw bytes. `cut` is the index in the raw request-target at which the
 * part begins that the task sees (its `/`, its `?`, or the end); everything from there is forwarded byte for byte. The id
 * that is checked, the id that is routed and the id that is logged are this one value.
 */
export type Target =
  | {
      readonly kind: 'endpoint';
      readonly form: 'path' | 'wildcard';
      readonly id: EndpointId;
      readonly cut: number;
    }
  | { readonly kind: 'static'; readonly route: StaticRoute; readonly cut: number }
  /** A page of the router's own: `path` is the raw path without its query. */
  | { readonly kind: 'own'; readonly path: string; readonly query: string }
  /** The prefix of an endpoint or path route without its slash: 308 to `location`, query kept. */
  | { readonly kind: 'redirect'; readonly location: string }
  /** Nothing that may be served: 400 for a malformed target, 404 for an unknown one, 405 for a method that never passes. */
  | {
      readonly kind: 'refused';
      readonly status: 400 | 404 | 405;
      readonly reason: string;
    };
