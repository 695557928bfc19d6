import { EMPTY_TABLE, type RouteSource, type RouteTable } from './table.ts';

/** The owner of the table in force. */
export interface TableOwner extends RouteSource {
  /** Swaps the table and tells the listeners; the version grows by one. */
  readonly swap: (next: Omit<RouteTable, 'version'>) => void;
  /** ClearML confirmed what is routed: nobody needs to be told. */
  readonly confirm: (problems: readonly string[]) => void;
}

export function createTableOwner(): TableOwner {
  const listeners = new Set<(next: RouteTable, previous: RouteTable) => void>();
  let table = EMPTY_TABLE;
  return {
    current: () => table,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    swap: (next) => {
      const previous = table;
      table = { ...next, version: previous.version + 1 };
      for (const listener of listeners) listener(table, previous);
    },
    confirm: (problems) => {
      table = { ...table, problems, stale: false, confirmedAt: Date.now() };
    },
  };
}
