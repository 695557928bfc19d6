import type { Gate } from '../auth/decision.ts';
import type { RouteSource } from '../routes/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { OwnPages } from '../web/own_pages.ts';
import type { Tunnel } from './tunnel.ts';

/** What the proxy takes from the router's settings. */
export interface ProxySettings {
  /** ROUTER_URL as an origin: scheme, host, port if not the default one; no slash at the end. */
  readonly origin: string;
  /** ROUTER_WILDCARD_HOST, lower case, without port; undefined when off. */
  readonly wildcardHost: string | undefined;
  /** Whether an address is one of TRUSTED_PROXIES; undefined when none is named. Asked once per connection. */
  readonly isTrustedProxy: ((address: string) => boolean) | undefined;
  /** AUTH_SECURE_ENABLED: the router's own cookies carry `Secure`. */
  readonly secureCookies: boolean;
}

/** All that the proxy needs from other rooms. */
export interface ProxyServerDeps {
  readonly settings: ProxySettings;
  readonly routes: RouteSource;
  readonly gate: Gate;
  /** The router's own pages, asked in this order; the proxy answers 404 after the last. */
  readonly pages: readonly OwnPages[];
  readonly tunnel: Tunnel | undefined;
  /** Names of all cookies that carry a credential: they never reach a task, and no task may set them. Asked on each request. */
  readonly credentialCookies: () => readonly string[];
  readonly log: Log;
  /** Takes one JSON line per request, line end included, and must not block. Undefined: no access log. */
  readonly accessLog: { readonly write: (line: string) => unknown } | undefined;
  readonly metrics: Metrics;
}

/** The server of users' traffic. */
export interface ProxyServer {
  /** Port 0 takes a free one. Resolves with the bound port; rejects with LISTEN_FAILED. `address` undefined: every address. */
  readonly listen: (port: number, address: string | undefined) => Promise<number>;
  /**
   * Stops accepting, asks keep-alive clients to leave, lets running requests and sessions go on. Resolves when all have ended,
   * or after `grace` milliseconds, which ends the rest (WebSockets with 1001).
   */
  readonly drain: (grace: number) => Promise<void>;
  /** Ends everything at once. */
  readonly close: () => Promise<void>;
}

/** Joins the parts into the server of users' traffic; nothing listens yet. */
export function createProxyServer(deps: ProxyServerDeps): ProxyServer {
  void deps;
  throw new Error('the server of users’ traffic is not built yet');
}
