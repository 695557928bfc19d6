import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Admitted, Decision, Gate, GateRequest } from '../auth/decision.ts';
import { parseTarget } from '../routes/parse_target.ts';
import type { TargetRules } from '../routes/parse_target.ts';
import type { RouteSource } from '../routes/table.ts';
import type { Target } from '../routes/target.ts';
import type { Answer } from './answer.ts';
import { plainAddress, readOrigin } from './client_address.ts';
import type { Origin } from './client_address.ts';
import type { RequestHead } from './request_head.ts';
import type { Passage } from './session.ts';
import { Stickiness, stickyCookieName } from './stickiness.ts';
import { closedLaneAnswer } from './upstream_failure.ts';

/** What the proxy takes from the router's settings. */
export interface ProxySettings {
  /** ROUTER_URL as an origin: scheme, host, port if not the default one; no slash at the end. */
  readonly origin: string;
  /** ROUTER_WILDCARD_HOST, lower case, without port; undefined when off. */
  readonly wildcardHost: string | undefined;
  /** ROUTER_PATH_FORM: endpoints are below `/service/`, too. */
  readonly pathForm: boolean;
  /** Whether an address is one of TRUSTED_PROXIES; undefined when none is named. Asked once per connection. */
  readonly isTrustedProxy: ((address: string) => boolean) | undefined;
  /** AUTH_SECURE_ENABLED: the router's own cookies carry `Secure`. */
  readonly secureCookies: boolean;
}

/** A target that only the gate opens. */
export type GuardedTarget = Target & { readonly kind: 'endpoint' | 'static' };

interface Peer {
  readonly address: string;
  readonly trusted: boolean;
}

export interface EntranceDeps {
  readonly settings: ProxySettings;
  readonly routes: RouteSource;
  readonly gate: Gate;
  readonly credentialCookies: () => readonly string[];
  /** Called once per connection, when its first head has come in whole. */
  readonly headRead: (socket: Socket) => void;
}

/**
 * The way in, the same for requests and upgrades: the second of them without the first's checks was a critical hole in others
 * (CVE-2024-28179, CVE-2026-44578). Reads target and origin once, asks the gate, and says where the admitted one goes.
 */
export class Entrance {
  readonly #deps: EntranceDeps;
  readonly #rules: TargetRules;
  readonly #scheme: 'http' | 'https';
  readonly #stickiness: Stickiness;
  readonly #peers = new WeakMap<Socket, Peer>();
  /** Names (with port, lower case) under which browsers know the router. */
  readonly ownHosts: readonly string[];
  /** ROUTER_URL as an origin. */
  readonly home: string;

  constructor(deps: EntranceDeps) {
    const { origin, wildcardHost, pathForm, secureCookies } = deps.settings;
    const url = new URL(origin);
    this.#deps = deps;
    this.#rules = { ownHost: url.hostname, wildcardHost, pathForm };
    this.#scheme = url.protocol === 'https:' ? 'https' : 'http';
    this.#stickiness = new Stickiness(secureCookies);
    this.ownHosts = [url.host];
    this.home = origin;
  }

  #peerOf(socket: Socket): Peer {
    const known = this.#peers.get(socket);
    if (known !== undefined) return known;
    this.#deps.headRead(socket);
    const address = plainAddress(socket.remoteAddress);
    const peer = { address, trusted: this.#deps.settings.isTrustedProxy?.(address) ?? false };
    this.#peers.set(socket, peer);
    return peer;
  }

  /** Who asks. */
  originOf(request: IncomingMessage, head: RequestHead): Origin {
    const peer = this.#peerOf(request.socket);
    const { isTrustedProxy } = this.#deps.settings;
    return readOrigin(head, peer.address, peer.trusted, isTrustedProxy, this.#scheme);
  }

  /** What is asked for. */
  targetOf(head: RequestHead): Target {
    const target = parseTarget(
      head.method,
      head.url,
      head.hostname,
      this.#deps.routes.current(),
      this.#rules,
    );
    if (target.kind !== 'static') return target;
    return { ...target, route: this.#stickiness.order(target.route, head.rawHeaders) };
  }

  /** May they. */
  admit(
    kind: GateRequest['kind'],
    head: RequestHead,
    origin: Origin,
    target: GuardedTarget,
  ): Decision | Promise<Decision> {
    return this.#deps.gate.admit({
      target,
      kind,
      method: head.method,
      rawHeaders: head.rawHeaders,
      rawUrl: head.url,
      host: head.host,
      clientAddress: origin.address,
    });
  }

  /** Where the admitted one goes; an answer instead where the endpoint has no open way in. */
  passageOf(head: RequestHead, target: GuardedTarget, admitted: Admitted): Passage | Answer {
    const { endpoint, identity, credential } = admitted;
    const closed = closedLaneAnswer(endpoint);
    if (closed !== undefined) return closed;
    if (endpoint.http?.state !== 'open') throw new Error(`no open lane at ${endpoint.id}`);
    const { url } = head;
    const { cut } = target;
    const owned = target.kind === 'endpoint' && target.form === 'wildcard';
    return {
      endpoint,
      upstream: endpoint.http.upstream,
      identity,
      credential,
      prefix: owned ? '' : url.slice(0, cut),
      path: url.charCodeAt(cut) === 0x2f ? url.slice(cut) : `/${url.slice(cut)}`,
    };
  }

  /** Cookies that never reach a task, and that no task may set. */
  ownCookiesFor(target: GuardedTarget): readonly string[] {
    const names = this.#deps.credentialCookies();
    return target.kind === 'static' && target.route.loadBalanced
      ? [...names, stickyCookieName(target.route)]
      : names;
  }

  /** The Set-Cookie that keeps a browser at the endpoint of a load-balanced route. */
  stickyCookieFor(
    head: RequestHead,
    target: GuardedTarget,
    admitted: Admitted,
  ): string | undefined {
    return target.kind === 'static'
      ? this.#stickiness.cookie(target.route, admitted.endpoint, head.rawHeaders)
      : undefined;
  }
}
