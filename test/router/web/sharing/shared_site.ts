import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Endpoint } from '../../../../router/routes/model/endpoint.ts';
import {
  CLEARML_COOKIE,
  bearer,
  claims,
  endpoint,
  request,
  sign,
  table,
  taskId,
} from '../../../support/auth_fixture.ts';
import type { Reply, Site } from '../../../support/site.ts';
import { form, startSite } from '../../../support/site.ts';

export const MINE = taskId('a');
export const OTHERS = taskId('b');
export const UNSEEN = taskId('c');
export const PROJECT = 'Churn';
export const BROWSER = {
  Accept: 'text/html',
  'Sec-Fetch-Mode': 'navigate',
  'Sec-Fetch-Dest': 'document',
};
export const OWN = { Origin: 'https://router.example.com', 'Sec-Fetch-Site': 'same-origin' };

function at(id: string, changes: Partial<Endpoint> = {}, owner?: string): Endpoint {
  const one = endpoint(id, owner);
  return { ...one, task: { ...one.task, projectName: PROJECT }, ...changes };
}

export const ENDPOINTS = [
  at(MINE),
  at(`${MINE}__people`, { access: 'people' }),
  at(`${MINE}__owner`, { access: 'owner' }),
  at(OTHERS, {}, 'other'),
  at(UNSEEN),
];

export interface SharedSite extends Site {
  readonly folder: string;
  /** Somebody who is known to ClearML and sees the tasks of MINE and OTHERS, or those given. */
  readonly user: (id: string, more?: object, ...tasks: readonly string[]) => Promise<string>;
  readonly call: (token: string, method: string, path: string, body?: object) => Promise<Reply>;
  /** What a browser with the user's cookie gets. */
  readonly open: (token: string, path: string, headers?: Record<string, string>) => Promise<Reply>;
  /** Sends a form of the router's own page, with the user's keys. */
  readonly post: (token: string, path: string, fields: Record<string, string>) => Promise<Reply>;
  /** What the gate says of a user and an endpoint: `admitted`, or the status. */
  readonly may: (token: string, id?: string) => Promise<string | number>;
}

/** Pages, API and gate of a router on which owners alone are let in, of a server that shows tasks to everybody. */
export async function sharedSite(
  t: TestContext,
  environment: Record<string, string> = {},
): Promise<SharedSite> {
  const folder = mkdtempSync(join(tmpdir(), 'sharing-'));
  const site = await startSite(table(ENDPOINTS), {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET: 'a-secret-of-the-router-itself',
    ACCESS_DEFAULT: 'owner',
    ...environment,
  });
  t.after(() => {
    site.close();
    rmSync(folder, { recursive: true });
  });
  const { clearml } = site;
  return {
    ...site,
    folder,
    user: async (id, more = {}, ...tasks) => {
      const all = claims(id);
      const token = await sign({ ...all, identity: { ...(all['identity'] as object), ...more } });
      clearml.grant(token, ...(tasks.length === 0 ? [MINE, OTHERS] : tasks));
      clearml.names.set(id, `${id} name`);
      const again = await sign({ ...all, login: 1 });
      clearml.grant(again);
      clearml.credentials.set(`${id}:SK`, again);
      return token;
    },
    call: (token, method, path, body) =>
      site.ask(
        method,
        path,
        { Authorization: `Bearer ${token}` },
        body === undefined ? '' : JSON.stringify(body),
      ),
    open: (token, path, headers = {}) =>
      site.ask('GET', path, { ...BROWSER, Cookie: `${CLEARML_COOKIE}=${token}`, ...headers }),
    post: (token, path, fields) =>
      site.ask(
        'POST',
        path,
        { ...BROWSER, ...OWN, Cookie: `${CLEARML_COOKIE}=${token}` },
        form(fields),
      ),
    may: async (token, id = MINE) => {
      const decision = await site.auth.gate.admit(request(id, bearer(token)));
      return decision.outcome === 'denied' ? decision.status : decision.outcome;
    },
  };
}

export const json = ({ text }: Reply): unknown => JSON.parse(text);
