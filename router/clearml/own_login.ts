import type { OwnLogin } from './clearml.ts';
import type { Login } from './login.ts';

/** Keeps the router's own login fresh. */
export interface OwnLoginKeeper {
  /** The login in force; made or renewed when needed. Calls that come meanwhile share one exchange. */
  readonly get: () => Promise<Login>;
  /** The server refused this token: the next `get` logs in again, unless that has happened already. */
  readonly refused: (token: string) => void;
  readonly onLogin: (listener: (login: OwnLogin) => void) => () => void;
}

/** Renewed when less than a tenth of its life is left, and at least this long before its end. */
const LEAST_REST_MS = 60_000;

interface Kept {
  readonly login: Login;
  /** By the monotonic clock, so that a jump of the system's clock neither keeps a dead token nor renews in a loop. */
  readonly renewAt: number;
}

function renewalTime(login: Login): number {
  if (login.expiresAt === undefined) return Infinity;
  const life = login.expiresAt - Date.now();
  // Never sooner than a second from now: a server whose clock lags would otherwise be asked without pause.
  return performance.now() + Math.max(life - Math.max(life / 10, LEAST_REST_MS), 1000);
}

export function createOwnLogin(logIn: () => Promise<Login>): OwnLoginKeeper {
  const listeners = new Set<(login: OwnLogin) => void>();
  let kept: Kept | undefined;
  let underWay: Promise<Login> | undefined;

  const renew = (): Promise<Login> => {
    underWay ??= logIn()
      .then((login) => {
        kept = { login, renewAt: renewalTime(login) };
        for (const listener of listeners) listener(login);
        return login;
      })
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };

  return {
    get: () => {
      if (kept !== undefined && performance.now() < kept.renewAt) {
        return Promise.resolve(kept.login);
      }
      return renew();
    },
    refused: (token) => {
      if (kept?.login.token === token) kept = undefined;
    },
    onLogin: (listener) => {
      listeners.add(listener);
      if (kept !== undefined) listener(kept.login);
      return () => listeners.delete(listener);
    },
  };
}
