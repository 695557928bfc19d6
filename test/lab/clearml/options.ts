import { randomBytes } from 'node:crypto';
import { defaultSeed, openSourceSeed, type Seed } from './seed.ts';

/**
 * The two characters. On an `open-source` server there is one company, and every account sees every task. An `enterprise` server
 * has several companies and may hide a task from users; it issues tokens of feature set `advanced` and has `routers.get_routes`.
 */
export type Edition = 'open-source' | 'enterprise';

export interface ClearMlOptions {
  readonly edition?: Edition;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0, any free port. */
  readonly port?: number;
  /** Serves HTTPS with this key and certificate, PEM. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Path in front of all calls, as where ClearML's web server hands on `/api`. Part of `url`. */
  readonly pathPrefix?: string;
  /** Highest API version; below 2.34 the server has no `tasks.edit_runtime`. Default 2.34. */
  readonly apiVersion?: string;
  /** Default 2.3.0, enterprise 3.27.0 (static routes ask for 3.26). */
  readonly serverVersion?: string;
  /** `secure.auth.token_secret`: the text whose UTF-8 bytes sign the tokens. Default random. */
  readonly tokenSecret?: string;
  /** Default `clearml_token_basic`, enterprise `allegro_token_lab`. */
  readonly cookieName?: string;
  /** `Domain` of the cookie; without it the cookie belongs to the server's own host. */
  readonly cookieDomain?: string;
  readonly cookieSecure?: boolean;
  /** Users with passwords, as an open-source server's fixed users. Default: true where the seed has a password. */
  readonly fixedUsers?: boolean;
  /**
   * Whether a valid token of a user that no longer exists is refused. The open-source server does not look
   * (`verify_user_tokens` is off in its settings). Default: enterprise true, open source false.
   */
  readonly verifyUserTokens?: boolean;
  /**
   * What `tasks.edit_runtime` does with a key. The open-source server 2.3 writes it in its database's escaped
   * spelling and never turns it back: `__` is stored as `%_%_`, a leading `_` as `%_`, `.` as `%2E`, `%` as `%%`.
   * `verbatim` stands for a server that keeps keys as they are. Default `escaped`.
   */
  readonly editRuntimeKeys?: 'escaped' | 'verbatim';
  /** Seconds a token lives unless `auth.login` asks for less. Default 30 days. */
  readonly tokenSeconds?: number;
  /** Ends the connection with each answer, as under Flask's own server; gunicorn keeps it. Default false. */
  readonly closesConnections?: boolean;
  /** Default `defaultSeed`, open source `openSourceSeed`. */
  readonly seed?: Seed;
}

export interface ResolvedOptions {
  readonly edition: Edition;
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
  readonly pathPrefix: string;
  readonly apiVersion: string;
  readonly serverVersion: string;
  readonly tokenSecret: string;
  readonly cookieName: string;
  readonly cookieDomain: string | undefined;
  readonly cookieSecure: boolean;
  readonly fixedUsers: boolean;
  readonly verifyUserTokens: boolean;
  readonly editRuntimeKeys: 'escaped' | 'verbatim';
  readonly tokenSeconds: number;
  readonly closesConnections: boolean;
  readonly seed: Seed;
}

const THIRTY_DAYS = 2_592_000;

export function resolveOptions(options: ClearMlOptions): ResolvedOptions {
  const edition = options.edition ?? 'open-source';
  const enterprise = edition === 'enterprise';
  const seed = options.seed ?? (enterprise ? defaultSeed : openSourceSeed);
  return {
    edition,
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    tls: options.tls,
    pathPrefix: options.pathPrefix ?? '',
    apiVersion: options.apiVersion ?? '2.34',
    serverVersion: options.serverVersion ?? (enterprise ? '3.27.0' : '2.3.0'),
    tokenSecret: options.tokenSecret ?? randomBytes(32).toString('base64url'),
    cookieName: options.cookieName ?? (enterprise ? 'allegro_token_lab' : 'clearml_token_basic'),
    cookieDomain: options.cookieDomain,
    cookieSecure: options.cookieSecure ?? false,
    fixedUsers: options.fixedUsers ?? seed.users.some((user) => user.password !== undefined),
    verifyUserTokens: options.verifyUserTokens ?? enterprise,
    editRuntimeKeys: options.editRuntimeKeys ?? 'escaped',
    tokenSeconds: options.tokenSeconds ?? THIRTY_DAYS,
    closesConnections: options.closesConnections ?? false,
    seed,
  };
}
