import type { ClearmlAuthority, OwnLogin } from '../auth/clearml_authority.ts';
import type { Routes, RoutesState } from '../routes/routes.ts';
import type { RouteTable } from '../routes/table.ts';
import { EMPTY_TABLE } from '../routes/table.ts';

/** Routes as the process that looks at ClearML sent them. */
export interface ReceivedRoutes extends Pick<Routes, 'current' | 'subscribe' | 'state'> {
  readonly receive: (table: RouteTable, state: RoutesState) => void;
}

const NOT_LOOKED: RoutesState = {
  ready: false,
  leader: false,
  holder: undefined,
  lastError: undefined,
  lastFailure: undefined,
  problems: [],
  portsLeft: undefined,
};

/** Holds the last table that was sent, for the rooms that read and follow one. */
export function createReceivedRoutes(): ReceivedRoutes {
  const listeners = new Set<(next: RouteTable, previous: RouteTable) => void>();
  let table = EMPTY_TABLE;
  let state = NOT_LOOKED;
  return {
    current: () => table,
    state: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    receive: (next, nextState) => {
      const previous = table;
      table = next;
      state = nextState;
      for (const listener of listeners) listener(next, previous);
    },
  };
}

/** The router's own logins as they were sent. */
export interface ReceivedLogins extends Pick<ClearmlAuthority, 'onLogin'> {
  readonly receive: (login: OwnLogin) => void;
}

/** Holds the last login, for the gate that settles its key by it. */
export function createReceivedLogins(): ReceivedLogins {
  const listeners = new Set<(login: OwnLogin) => void>();
  let last: OwnLogin | undefined;
  return {
    onLogin: (listener) => {
      listeners.add(listener);
      if (last !== undefined) listener(last);
      return () => listeners.delete(listener);
    },
    receive: (login) => {
      last = login;
      for (const listener of listeners) listener(login);
    },
  };
}
