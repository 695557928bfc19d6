import type { TestContext } from 'node:test';
import { Grants } from '../../../../router/auth/sharing/grants.ts';
import { Links } from '../../../../router/auth/sharing/links.ts';
import { GRANTS } from '../../../../router/auth/sharing/store.ts';
import type { Endpoint } from '../../../../router/routes/model/endpoint.ts';
import type { SharedState } from '../../../../router/state/shared_state.ts';
import { createLog } from '../../../../router/telemetry/log.ts';
import { COMPANY, Routes, endpoint, table, taskId } from '../../../support/auth_fixture.ts';
import { ConfigMapApi, replicaOf } from '../../state/config_map_api.ts';

export const MINE = taskId('a');
export const FOREIGN = taskId('b');
export const PROJECT = 'Churn / models';

export const person = (userId: string, companyId = COMPANY) => ({
  userId,
  companyId,
  userName: `${userId} name`,
});
export const people = (...ids: readonly string[]) => ({
  people: ids.map((id) => ({ id, name: `${id} name` })),
});
export const link = (changes: object = {}) => ({
  link: {
    hash: 'h',
    uses: 1,
    expiresAt: Date.now() + 60_000,
    guests: false,
    redeemed: [],
    ...changes,
  },
});

export function inProject(id: string, projectName: string, owner = 'owner'): Endpoint {
  const one = endpoint(id, owner);
  return { ...one, task: { ...one.task, projectName } };
}

/** The grants of one replica. */
export interface Replica {
  readonly state: SharedState;
  readonly grants: Grants;
  readonly links: Links;
  readonly routes: Routes;
  readonly lines: string[];
}

/** The clock of all replicas of a test. */
export interface Clock {
  at: number;
}

export const KEY = new Uint8Array(32).fill(1);

export function replica(
  t: TestContext,
  api: ConfigMapApi,
  clock: Clock,
  keys: () => readonly Uint8Array[] = () => [KEY],
): Replica {
  const lines: string[] = [];
  const state = replicaOf(api);
  const routes = new Routes({
    ...table([endpoint(MINE), endpoint(FOREIGN, 'other')]),
    confirmedAt: clock.at,
  });
  const log = createLog('debug', { write: (line) => void lines.push(line) });
  const now = () => clock.at;
  const grants = new Grants({ section: state.section(GRANTS), keys, routes, log, now });
  t.after(() => {
    grants.close();
    state.close();
  });
  return { state, grants, links: new Links(grants, now), routes, lines };
}

/** Two replicas on one ConfigMap, and looks that the test makes. */
export function two(t: TestContext) {
  const api = new ConfigMapApi();
  const clock: Clock = { at: Date.now() };
  const replicas = [replica(t, api, clock), replica(t, api, clock)] as const;
  return { api, clock, replicas };
}
