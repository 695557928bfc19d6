import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CLEARML_COOKIE,
  claims,
  endpoint,
  sign,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';
import { form, startSite, type Reply, type Site } from '../../../support/site.ts';

export const MINE = taskId('a');
export const THEIRS = taskId('b');
export const OWN_FORM = { Origin: 'https://router.example.com', 'Sec-Fetch-Site': 'same-origin' };
const BROWSER = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' };

/** What a computer is told that begins to sign in. */
export interface Codes {
  readonly device_code: string;
  readonly user_code: string;
}

/** A router's pages with an owner, who has a browser, and computers without a token. */
export interface DeviceSite {
  readonly site: Site;
  readonly folder: string;
  /** The owner's ClearML token. */
  readonly token: string;
  readonly begin: (label?: string) => Promise<Codes>;
  readonly poll: (codes: Codes) => Promise<Reply>;
  /** The same after the time that a computer has to wait. */
  readonly pollInTime: (codes: Codes) => Promise<Reply>;
  /** The owner's browser, with the session's cookie. */
  readonly show: (code?: string) => Promise<Reply>;
  readonly type: (code: string, headers?: Record<string, string>) => Promise<Reply>;
  readonly answer: (
    code: string,
    answer: 'allow' | 'refuse',
    headers?: Record<string, string>,
    keys?: Record<string, string>,
  ) => Promise<Reply>;
  /** A device token, by all of the steps. */
  readonly signIn: (label?: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function deviceSite(settings: Record<string, string> = {}): Promise<DeviceSite> {
  const folder = await mkdtemp(join(tmpdir(), 'devices-'));
  const site = await startSite(table([endpoint(MINE), endpoint(THEIRS, 'other')]), {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET: 'a-secret-of-the-router-itself',
    LOG_LEVEL: 'debug',
    ...settings,
  });
  const token = await tokenOf('owner');
  site.clearml.grant(token, MINE, THEIRS);
  const login = await sign({ ...claims('owner'), login: 1 });
  site.clearml.grant(login);
  site.clearml.credentials.set('owner:SK', login);
  const cookie = { ...BROWSER, Cookie: `${CLEARML_COOKIE}=${token}` };
  const post = (path: string, fields: Record<string, string>, headers = {}) =>
    site.ask('POST', path, headers, form(fields));
  const poll = ({ device_code }: Codes) =>
    post('/api/v1/device/token', {
      client_id: 'task-router',
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code,
    });
  const begin = async (label = 'laptop'): Promise<Codes> => {
    const begun = await post('/api/v1/device/code', { client_id: 'task-router', label });
    assert.equal(begun.status, 200, begun.text);
    return JSON.parse(begun.text) as Codes;
  };
  const type: DeviceSite['type'] = (code, headers = OWN_FORM) =>
    post('/device', { code }, { ...cookie, ...headers });
  // Pages of tasks share this origin: letting in a computer takes the keys.
  const answer: DeviceSite['answer'] = (
    code,
    given,
    headers = OWN_FORM,
    keys = { access_key: 'owner', secret_key: 'SK' },
  ) => post('/device/answer', { code, answer: given, ...keys }, { ...cookie, ...headers });
  const pollInTime = (codes: Codes) => {
    site.pass(2_000);
    return poll(codes);
  };
  return {
    site,
    folder,
    token,
    begin,
    poll,
    pollInTime,
    show: (code) =>
      site.ask('GET', code === undefined ? '/device' : `/device?code=${code}`, cookie),
    type,
    answer,
    signIn: async (label) => {
      const codes = await begin(label);
      assert.equal((await type(codes.user_code)).status, 303);
      assert.equal((await poll(codes)).status, 400);
      assert.equal((await answer(codes.user_code, 'allow')).status, 200);
      const allowed = await pollInTime(codes);
      assert.equal(allowed.status, 200, allowed.text);
      return (JSON.parse(allowed.text) as { access_token: string }).access_token;
    },
    close: async () => {
      site.close();
      await rm(folder, { recursive: true });
    },
  };
}

export const bearer = (text: string) => ({ Authorization: `Bearer ${text}` });
