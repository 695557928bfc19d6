import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Way } from '../activity/way.ts';
import type { GateRequest } from '../auth/identity/request.ts';
import { hostnameOf } from '../grammar/authority.ts';
import { parseTarget, type TargetRules } from '../routes/model/parse_target.ts';
import type { RouteSource } from '../routes/model/table.ts';
import type { Target } from '../routes/model/target.ts';
import { plainAddress, readClientInfo, type ClientInfo } from './headers/client_address.ts';
import type { RequestHead } from './headers/request_head.ts';
import type { Balancer } from './balancer.ts';

/** What the proxy takes from the router's settings. */
export interface ProxySettings {
  /** ROUTER_URL as an origin: scheme, host, port if not the default one; no slash at the end. */
  readonly origin: string;
  /** ROUTER_PAGES_URL as an origin, where the router's own pages are on a host of their own. */
  readonly pagesOrigin?: string | undefined;
  /** ROUTER_WILDCARD_HOST, lower case, without port; undefined when off. */
  readonly wildcardHost: string | undefined;
  /** ROUTER_PATH_FORM: endpoints are below `/service/`, too. */
  readonly pathForm: boolean;
  /** Whether an address is one of TRUSTED_PROXIES; undefined when none is named. Asked once per connection. */
  readonly isTrustedProxy: ((address: string) => boolean) | undefined;
  /** AUTH_SECURE_ENABLED: the router's own cookies carry `Secure`. */
  readonly secureCookies: boolean;
  /** CLEARML_WEB_URL; the pages that wait link to it. */
  readonly clearmlWebUrl?: string | undefined;
  /** TASK_ANSWER_SECONDS, in milliseconds. */
  readonly answerTime?: number | undefined;
}

interface Peer {
  readonly address: string;
  readonly trusted: boolean;
}

export interface EntranceDeps {
  readonly settings: ProxySettings;
  readonly routes: RouteSource;
  readonly balancer: Pick<Balancer, 'order'>;
  /** Called once per connection, when its first head has come in whole. */
  readonly headRead: (socket: Socket) => void;
}

/** Reads who comes and what for, once, and the same for requests and upgrades. */
export class Entrance {
  readonly #deps: EntranceDeps;
  readonly #rules: TargetRules;
  readonly #scheme: 'http' | 'https';
  readonly #peers = new WeakMap<Socket, Peer>();
  /** Where browsers know the router, and tasks in path form. */
  readonly origin: string;
  /** Where the router's own pages are, as an origin. */
  readonly home: string;

  constructor(deps: EntranceDeps) {
    const { origin, pagesOrigin, wildcardHost, pathForm } = deps.settings;
    const url = new URL(origin);
    this.#deps = deps;
    const pagesHost = pagesOrigin === undefined ? undefined : hostnameOf(new URL(pagesOrigin).host);
    this.#rules = { ownHost: hostnameOf(url.host), pagesHost, wildcardHost, pathForm };
    this.#scheme = url.protocol === 'https:' ? 'https' : 'http';
    this.origin = origin;
    this.home = pagesOrigin ?? origin;
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
  clientOf(request: IncomingMessage, head: RequestHead): ClientInfo {
    const peer = this.#peerOf(request.socket);
    const { isTrustedProxy } = this.#deps.settings;
    return readClientInfo(head, peer.address, peer.trusted, isTrustedProxy, this.#scheme);
  }

  /** What is asked for. `way`: by which way into the endpoint. */
  targetOf(head: RequestHead, kind: GateRequest['kind'], way: Way): Target {
    const target = parseTarget(
      head.method,
      head.url,
      head.hostname,
      this.#deps.routes.current(),
      this.#rules,
      kind === 'upgrade',
    );
    if (target.kind !== 'static') return target;
    return { ...target, route: this.#deps.balancer.order(target.route, head.rawHeaders, way) };
  }
}
