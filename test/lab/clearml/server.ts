import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { AccessLog } from './http/access_log.ts';
import { identityOf } from './authentication/authentication.ts';
import type { Server } from './call.ts';
import { createClock, timestamp, type Clock } from './clock.ts';
import { Faults } from './faults/faults.ts';
import { createHandler } from './http/handler.ts';
import { resolveOptions, type ClearMlOptions, type Edition } from './options.ts';
import { callsOf } from './services/registry.ts';
import { State } from './state.ts';
import { Tokens } from './authentication/tokens.ts';

/** What a token of `ClearMl.token` may differ in from one of `auth.login`. */
export interface TokenOptions {
  /** Seconds until it expires; null leaves `exp` out. */
  readonly expiresIn?: number | null;
  /** Further claims, which replace the usual ones: `{session_id: undefined}` leaves that claim out. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A running stand-in for the ClearML API server. */
export interface ClearMl {
  /** `http://127.0.0.1:40123`; the same after `down` and `up`. */
  readonly url: string;
  readonly edition: Edition;
  readonly cookieName: string;
  /** Users, tasks and queues, to look at and to change past the API. */
  readonly state: State;
  readonly clock: Clock;
  readonly faults: Faults;
  readonly calls: AccessLog;
  /** The secret that signs tokens now, in both spellings in which operators find it. */
  readonly signingKey: { readonly raw: string; readonly base64url: string };
  /** A token as `auth.login` would give it to a user, without a call. */
  token(userId: string, options?: TokenOptions): Promise<string>;
  /** Replaces the token secret, by a random one unless named: the server refuses all older tokens at once. */
  rotateSecret(secret?: string): void;
  /** Refuses connections and cuts those that are open. */
  down(): Promise<void>;
  /** Listens again, on the same port. */
  up(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a stand-in for the ClearML API server: the calls that the router and the SDK use, with the real server's
 * envelopes, codes, filters and write semantics. Nothing outlives it.
 */
export async function startClearMl(given: ClearMlOptions = {}): Promise<ClearMl> {
  const options = resolveOptions(given);
  const clock = createClock();
  const tokens = new Tokens(options.tokenSecret, clock, {
    api_version: options.apiVersion,
    server_version: options.serverVersion,
    server_build: 'stand-in',
    feature_set: options.edition === 'enterprise' ? 'advanced' : 'basic',
  });
  const state = new State(options.seed, timestamp(clock.now()), options);
  const server: Server = { options, state, tokens, clock };
  const faults = new Faults();
  const calls = new AccessLog();
  const handle = createHandler(server, callsOf(options), faults, calls);

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => response.socket?.destroy());
  };
  const { tls } = options;
  const http = tls === undefined ? createServer(onRequest) : createTlsServer(tls, onRequest);
  const port = await listen(http, options.port, options.host);

  const hostInUrl = options.host.includes(':') ? `[${options.host}]` : options.host;

  async function close(): Promise<void> {
    if (!http.listening) return;
    const closed = once(http, 'close');
    http.close();
    http.closeAllConnections();
    await closed;
  }

  return {
    url: `${tls === undefined ? 'http' : 'https'}://${hostInUrl}:${port}${options.pathPrefix}`,
    edition: options.edition,
    cookieName: options.cookieName,
    state,
    clock,
    faults,
    calls,
    get signingKey() {
      return { raw: tokens.secret, base64url: Buffer.from(tokens.secret).toString('base64url') };
    },
    async token(userId, { expiresIn, claims } = {}) {
      const account = state.account(userId);
      if (account === undefined) throw new Error(`The stand-in server has no user ${userId}.`);
      const usual = account.role === 'system' ? undefined : options.tokenSeconds;
      const seconds = expiresIn === undefined ? usual : (expiresIn ?? undefined);
      return tokens.sign(identityOf(account, server), seconds, claims);
    },
    rotateSecret(secret = randomBytes(32).toString('base64url')) {
      tokens.rotate(secret);
    },
    down: close,
    async up() {
      if (!http.listening) await listen(http, port, options.host);
    },
    async stop() {
      faults.clear();
      await close();
    },
  };
}

async function listen(http: HttpServer | TlsServer, port: number, host: string): Promise<number> {
  http.listen(port, host);
  await once(http, 'listening');
  return (http.address() as AddressInfo).port;
}
