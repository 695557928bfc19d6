import type { OwnPages } from '../web/own_pages.ts';
import type { RouteSource } from '../routes/table.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { ClearmlAuthority } from './clearml_authority.ts';
import type { Gate } from './decision.ts';
import type { AuthSettings } from './settings.ts';
import type { Viewer } from './viewer.ts';

/** What the gate and the sign-in pages are made of. */
export interface AuthParts {
  readonly settings: AuthSettings;
  readonly routes: RouteSource;
  readonly clearml: ClearmlAuthority;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds since the epoch; tests replace it. */
  readonly now?: () => number;
}

/** One per process: all of it shares one key ring, one cache of verified tokens and one of access decisions. */
export interface Auth {
  readonly gate: Gate;
  /** `/auth/…` and `/api/v1/endpoint-tokens`. */
  readonly signIn: OwnPages;
  /** Who asks for the other pages of the router's own, and what they may see there. */
  readonly viewer: Viewer;
  /** Names of every cookie that may carry a token of the user, case-sensitive; none of them reaches a task. */
  readonly cookieNames: () => readonly string[];
  /** `settled` once a signing key verified the router's own login; until then nobody gets in, and the router is not ready. */
  readonly keyState: () => 'unsettled' | 'settled' | 'mismatch';
  /** Ends timers and file watches. */
  readonly close: () => void;
}

export type CreateAuth = (parts: AuthParts) => Auth;
