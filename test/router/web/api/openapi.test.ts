import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Activity } from '../../../../router/activity/activity.ts';
import { Asking } from '../../../../router/web/asking/asking.ts';
import { ConnectivityTest } from '../../../../router/web/api/connectivity_test.ts';
import { Keeping } from '../../../../router/web/api/keeping.ts';
import { createLister } from '../../../../router/web/overview/lister.ts';
import { CODE_PATH, TOKEN_PATH } from '../../../../router/web/device/code_requests.ts';
import { SshLogin } from '../../../../router/web/device/ssh_login.ts';
import { People } from '../../../../router/web/sharing/people.ts';
import { ActGuard } from '../../../../router/web/acts/act_guard.ts';
import { apiOperations } from '../../../../router/web/api/operations.ts';
import {
  COMPANY,
  claims,
  endpoint,
  sign,
  staticRoute,
  table,
  taskId,
  tokenOf,
} from '../../../support/auth_fixture.ts';
import type { Reply, Site } from '../../../support/site.ts';
import { startSite } from '../../../support/site.ts';

const MINE = taskId('a');
const OTHERS = taskId('b');

interface Described {
  readonly responses: Readonly<
    Record<
      string,
      { readonly content?: { readonly 'application/json'?: { readonly schema: object } } }
    >
  >;
  readonly requestBody?: {
    readonly content: { readonly 'application/json': { readonly schema: object } };
  };
}

interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

let folder = '';
let site: Site;
let token = '';
let admin = '';
let document: Document;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'openapi-'));
  const waiting = { ...endpoint(`${MINE}__metrics`), http: { state: 'waiting' } as const };
  const tcp = { state: 'refused', reason: 'no', port: undefined } as const;
  const upstream = { address: '127.0.0.1', family: 4, port: 1 } as const;
  const own = endpoint(MINE);
  const task = { ...own.task, projectName: 'churn' };
  const mine = { ...own, task, http: { state: 'open', upstream } as const, tcp };
  const routes = [staticRoute('chat', 'authenticated', [mine])];
  site = await startSite(
    table([mine, waiting, endpoint(OTHERS)], routes),
    {
      STATE_FILE: join(folder, 'state'),
      ROUTER_SECRET: 'a-secret-of-the-router-itself',
      TCP_ROUTER_ADDRESS: 'tcp.example.com',
      TCP_PORT_START: '10000',
      TCP_PORT_END: '10009',
    },
    { ownAddress: () => ({ address: '10.0.0.1' }) },
  );
  token = await tokenOf('owner');
  const payload = claims('boss');
  admin = await sign({
    ...payload,
    identity: { ...(payload['identity'] as object), role: 'admin' },
  });
  for (const one of [token, admin]) site.clearml.grant(one, MINE);
  site.clearml.names.set('carol', 'Carol');
  const reply = await site.ask('GET', '/api/v1/openapi.json', bearer(token));
  document = JSON.parse(reply.text) as Document;
});

after(async () => {
  site.close();
  await rm(folder, { recursive: true });
});

const bearer = (text: string) => ({ Authorization: `Bearer ${text}` });
const WISH = { endpoint: MINE, label: 'x' };

/** Makes an endpoint token and tells its id. */
async function made(): Promise<string> {
  const reply = await site.ask(
    'POST',
    '/api/v1/endpoint-tokens',
    bearer(token),
    JSON.stringify(WISH),
  );
  return (JSON.parse(reply.text) as { id: string }).id;
}

async function away(act: () => Promise<Reply>): Promise<Reply> {
  site.clearml.state = 'away';
  // What was kept as a yes a moment ago would outlive the absence.
  site.pass(60_000);
  const stranger = await tokenOf('stranger');
  const kept = token;
  token = stranger;
  try {
    return await act();
  } finally {
    site.clearml.state = 'here';
    token = kept;
  }
}

/** With records that cannot be read. */
async function broken(act: () => Promise<Reply>): Promise<Reply> {
  await writeFile(join(folder, 'state'), 'not json');
  try {
    return await act();
  } finally {
    await rm(join(folder, 'state'));
  }
}

async function often(count: number, act: () => Promise<Reply>): Promise<Reply> {
  let reply = await act();
  for (let round = 1; round < count; round += 1) reply = await act();
  return reply;
}

const ask = (method: string, path: string, body = '', headers: Record<string, string> = {}) =>
  site.ask(method, path, { ...bearer(token), ...headers }, body);
const EVIL = { Origin: 'https://evil.example' };
const ROUTES = '/api/v1/routes';
const TEST = `/api/v1/endpoints/${MINE}/test`;
const KEEP = `/api/v1/endpoints/${MINE}/keep`;
const TOKENS = '/api/v1/endpoint-tokens';
const ACCESS = `/api/v1/endpoints/${MINE}/access`;
const GRANTS = '/api/v1/grants';
const PEOPLE = '/api/v1/people?q=ca';
const GRANT = { endpoint: MINE, people: ['Carol'] };

/** Gives something and tells its id. */
async function given(wish: object = GRANT): Promise<string> {
  const reply = await ask('POST', GRANTS, JSON.stringify(wish));
  assert.equal(reply.status, 201, reply.text);
  return (JSON.parse(reply.text) as { id: string }).id;
}

/** Something of each kind, all parts of its description filled. */
async function givenAll(): Promise<void> {
  await given();
  await given({ endpoint: MINE, everybody: true });
  const link = await given({ project: 'churn', link: { uses: 2 } });
  const { userId, companyId } = { userId: 'carol', companyId: COMPANY };
  await site.auth.sharing?.grants.redeem(link, { userId, companyId, userName: 'Carol' });
}

const ENDPOINTS = '/api/v1/endpoints';
const OWN = `${ENDPOINTS}/${MINE}`;
const ASK = { task: MINE, port: 8888, protocol: 'http' };
/** Each of those who are signed in may ask so often. */
const asking = async (body: object, headers: Record<string, string> = {}) =>
  ask('POST', ENDPOINTS, JSON.stringify(body), { ...bearer(await fresh()), ...headers });

/** A token of an administrator who has not asked for anything yet. */
async function fresh(): Promise<string> {
  const payload = claims(`fresh-${++users}`);
  const identity = { ...(payload['identity'] as object), role: 'admin' };
  const made = await sign({ ...payload, identity });
  site.clearml.grant(made, MINE);
  return made;
}
let users = 0;

async function withoutAsks(act: () => Promise<Reply>): Promise<Reply> {
  site.tasks.runtimes.clear();
  return act();
}

const SESSION = '/api/v1/session';
const DEVICES = '/api/v1/device-tokens';
const SSH = `/api/v1/endpoints/${MINE}/ssh`;

/** What a computer asks that has no token. */
const computer = (step: 'code' | 'token', fields: Record<string, string> = {}, at: Site = site) => {
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  const body = new URLSearchParams({ client_id: 'task-router', grant_type, ...fields }).toString();
  return at.ask('POST', `/api/v1/device/${step}`, {}, body);
};

/** A computer whose user has agreed, and that has not asked for its token yet. */
async function agreed() {
  const { devices } = site.auth;
  const codes = JSON.parse((await computer('code')).text) as Record<string, string>;
  const { device_code = '', user_code = '' } = codes;
  const user = {
    userId: 'owner',
    userName: 'O',
    companyId: COMPANY,
    role: '',
    tokenKey: '',
    token,
  };
  const owner = { ...user, expiresAt: site.now() + 3_600_000 };
  await devices?.claim(owner, user_code);
  await computer('token', { device_code });
  const record = await devices?.allow(owner, user_code);
  assert.ok(typeof record === 'object');
  site.pass(2_000);
  return { id: record.id, poll: () => computer('token', { device_code }) };
}

async function signedIn() {
  const { id, poll } = await agreed();
  const reply = await poll();
  return { id, reply, text: (JSON.parse(reply.text) as { access_token: string }).access_token };
}

/** The same of a router that knows the addresses of its clients. */
async function oftenAtOneAddress(): Promise<Reply> {
  const other = await startSite(table([]), {
    STATE_FILE: join(folder, 'other'),
    TRUSTED_PROXIES: '10.0.0.0/8',
  });
  try {
    return await often(31, () => computer('code', {}, other));
  } finally {
    other.close();
  }
}

/** How each documented answer comes about, on the real pages: by operation and status. */
const SITUATIONS: Readonly<Record<string, () => Promise<Reply>>> = {
  'get /api/v1/routes 200': () => site.ask('GET', ROUTES, bearer(admin)),
  'get /api/v1/routes 401': () => site.ask('GET', ROUTES),
  'get /api/v1/routes 503': () => away(() => ask('GET', ROUTES)),
  'get /api/v1/openapi.json 200': () => ask('GET', '/api/v1/openapi.json'),
  'get /api/v1/openapi.json 401': () => site.ask('GET', '/api/v1/openapi.json'),
  'post /api/v1/endpoints/{id}/keep 204': () => ask('POST', KEEP),
  'post /api/v1/endpoints/{id}/keep 401': () => site.ask('POST', KEEP),
  'post /api/v1/endpoints/{id}/keep 403': () => ask('POST', KEEP, '', EVIL),
  'post /api/v1/endpoints/{id}/keep 404': () => ask('POST', KEEP.replace(MINE, taskId('f'))),
  'post /api/v1/endpoints/{id}/keep 503': () => away(() => ask('POST', KEEP)),
  'post /api/v1/endpoints/{id}/test 200': () => ask('POST', TEST),
  'post /api/v1/endpoints/{id}/test 401': () => site.ask('POST', TEST),
  'post /api/v1/endpoints/{id}/test 403': () => ask('POST', TEST, '', EVIL),
  'post /api/v1/endpoints/{id}/test 404': () => ask('POST', TEST.replace(MINE, taskId('f'))),
  'post /api/v1/endpoints/{id}/test 429': () => often(30, () => ask('POST', TEST)),
  'post /api/v1/endpoints/{id}/test 503': () => away(() => ask('POST', TEST)),
  'get /api/v1/endpoints/{id}/access 200': async () => {
    await givenAll();
    return ask('GET', ACCESS);
  },
  'get /api/v1/endpoints/{id}/access 401': () => site.ask('GET', ACCESS),
  'get /api/v1/endpoints/{id}/access 404': () => ask('GET', ACCESS.replace(MINE, OTHERS)),
  'get /api/v1/endpoints/{id}/access 503': () => broken(() => ask('GET', ACCESS)),
  'post /api/v1/device/code 200': () => computer('code'),
  'post /api/v1/device/code 400': () => site.ask('POST', '/api/v1/device/code'),
  'post /api/v1/device/code 404': () => withoutStore('POST', '/api/v1/device/code'),
  'post /api/v1/device/code 429': oftenAtOneAddress,
  'post /api/v1/device/token 200': async () => (await signedIn()).reply,
  'post /api/v1/device/token 400': () => computer('token', { device_code: 'x' }),
  'post /api/v1/device/token 404': () => withoutStore('POST', '/api/v1/device/token'),
  'post /api/v1/device/token 503': async () => {
    const { poll } = await agreed();
    return broken(poll);
  },
  'get /api/v1/session 200': () => ask('GET', SESSION),
  'get /api/v1/session 401': () => site.ask('GET', SESSION),
  'get /api/v1/session 503': () => away(() => ask('GET', SESSION)),
  'delete /api/v1/session 204': async () =>
    ask('DELETE', SESSION, '', bearer((await signedIn()).text)),
  'delete /api/v1/session 401': () => site.ask('DELETE', SESSION),
  'delete /api/v1/session 403': () => ask('DELETE', SESSION),
  'delete /api/v1/session 404': () => withoutStore('DELETE', SESSION),
  'get /api/v1/device-tokens 200': async () => {
    await signedIn();
    return ask('GET', DEVICES);
  },
  'get /api/v1/device-tokens 401': () => site.ask('GET', DEVICES),
  'get /api/v1/device-tokens 404': () => withoutStore('GET', DEVICES),
  'get /api/v1/device-tokens 503': () => broken(() => ask('GET', DEVICES)),
  'delete /api/v1/device-tokens/{id} 204': async () =>
    ask('DELETE', `${DEVICES}/${(await signedIn()).id}`),
  'delete /api/v1/device-tokens/{id} 401': () => site.ask('DELETE', `${DEVICES}/x`),
  'delete /api/v1/device-tokens/{id} 403': () => ask('DELETE', `${DEVICES}/x`, '', EVIL),
  'delete /api/v1/device-tokens/{id} 404': () => ask('DELETE', `${DEVICES}/x`),
  'delete /api/v1/device-tokens/{id} 503': () => broken(() => ask('DELETE', `${DEVICES}/x`)),
  'get /api/v1/endpoints/{id}/ssh 200': async () => {
    site.tasks.sshKeysOf.set(MINE, { user: 'root', password: 'x' });
    return ask('GET', SSH, '', bearer((await signedIn()).text));
  },
  'get /api/v1/endpoints/{id}/ssh 401': () => site.ask('GET', SSH),
  'get /api/v1/endpoints/{id}/ssh 404': () => ask('GET', SSH),
  'get /api/v1/endpoints/{id}/ssh 429': async () => {
    const headers = bearer((await signedIn()).text);
    return often(90, () => ask('GET', SSH, '', headers));
  },
  'get /api/v1/endpoints/{id}/ssh 503': () => away(() => ask('GET', SSH)),
  'get /api/v1/grants 200': async () => {
    await givenAll();
    return ask('GET', GRANTS);
  },
  'get /api/v1/grants 401': () => site.ask('GET', GRANTS),
  'get /api/v1/grants 404': () => withoutStore('GET', GRANTS),
  'get /api/v1/grants 503': () => broken(() => ask('GET', GRANTS)),
  'post /api/v1/grants 201': () =>
    ask('POST', GRANTS, JSON.stringify({ endpoint: MINE, link: { uses: 2 } })),
  'post /api/v1/grants 400': () => ask('POST', GRANTS, '{}'),
  'post /api/v1/grants 401': () => site.ask('POST', GRANTS),
  'post /api/v1/grants 403': () => ask('POST', GRANTS, JSON.stringify(GRANT), EVIL),
  'post /api/v1/grants 404': () =>
    ask('POST', GRANTS, JSON.stringify({ ...GRANT, endpoint: OTHERS })),
  'post /api/v1/grants 409': () => often(60, () => ask('POST', GRANTS, JSON.stringify(GRANT))),
  'post /api/v1/grants 503': () => broken(() => ask('POST', GRANTS, JSON.stringify(GRANT))),
  'delete /api/v1/grants/{id} 204': async () => ask('DELETE', `${GRANTS}/${await given()}`),
  'delete /api/v1/grants/{id} 401': () => site.ask('DELETE', `${GRANTS}/x`),
  'delete /api/v1/grants/{id} 403': () => ask('DELETE', `${GRANTS}/x`, '', EVIL),
  'delete /api/v1/grants/{id} 404': () => ask('DELETE', `${GRANTS}/x`),
  'delete /api/v1/grants/{id} 503': () => broken(() => ask('DELETE', `${GRANTS}/x`)),
  'get /api/v1/people 200': () => ask('GET', PEOPLE),
  'get /api/v1/people 400': () => ask('GET', '/api/v1/people?q=c'),
  'get /api/v1/people 401': () => site.ask('GET', PEOPLE),
  'get /api/v1/people 404': () => withoutStore('GET', PEOPLE),
  'get /api/v1/people 429': () => often(50, () => ask('GET', PEOPLE)),
  'get /api/v1/people 503': () => away(() => ask('GET', PEOPLE)),
  'post /api/v1/endpoints 201': () => withoutAsks(() => asking(ASK)),
  'post /api/v1/endpoints 400': () => asking({ ...ASK, port: 0 }),
  'post /api/v1/endpoints 401': () => site.ask('POST', ENDPOINTS),
  'post /api/v1/endpoints 403': () => asking(ASK, EVIL),
  'post /api/v1/endpoints 404': () => asking({ ...ASK, task: taskId('f') }),
  'post /api/v1/endpoints 409': async () => {
    await site.tasks.writeRuntime(MINE, { _PORT: '1' });
    return asking(ASK);
  },
  'post /api/v1/endpoints 429': () =>
    often(30, () => ask('POST', ENDPOINTS, JSON.stringify({ ...ASK, task: taskId('f') }))),
  'post /api/v1/endpoints 503': () =>
    away(() => ask('POST', ENDPOINTS, JSON.stringify({ ...ASK, task: taskId('f') }))),
  'delete /api/v1/endpoints/{id} 204': async () => {
    await site.tasks.writeRuntime(MINE, { _PORT: '1' });
    return ask('DELETE', OWN, '', bearer(await fresh()));
  },
  'delete /api/v1/endpoints/{id} 401': () => site.ask('DELETE', OWN),
  'delete /api/v1/endpoints/{id} 403': () => ask('DELETE', OWN, '', EVIL),
  'delete /api/v1/endpoints/{id} 404': () =>
    withoutAsks(async () => ask('DELETE', OWN, '', bearer(await fresh()))),
  'delete /api/v1/endpoints/{id} 429': () => often(30, () => ask('DELETE', OWN)),
  'delete /api/v1/endpoints/{id} 503': () => away(() => ask('DELETE', OWN)),
  'get /api/v1/endpoint-tokens 200': async () => {
    await made();
    return ask('GET', TOKENS);
  },
  'get /api/v1/endpoint-tokens 401': () => site.ask('GET', TOKENS),
  'get /api/v1/endpoint-tokens 404': () => withoutStore('GET', TOKENS),
  'get /api/v1/endpoint-tokens 503': () => broken(() => ask('GET', TOKENS)),
  'post /api/v1/endpoint-tokens 201': () => ask('POST', TOKENS, JSON.stringify(WISH)),
  'post /api/v1/endpoint-tokens 400': () => ask('POST', TOKENS, '{"label":""}'),
  'post /api/v1/endpoint-tokens 401': () => site.ask('POST', TOKENS),
  'post /api/v1/endpoint-tokens 403': () => ask('POST', TOKENS, JSON.stringify(WISH), EVIL),
  'post /api/v1/endpoint-tokens 404': () =>
    ask('POST', TOKENS, JSON.stringify({ ...WISH, endpoint: OTHERS })),
  'post /api/v1/endpoint-tokens 409': () =>
    often(60, () => ask('POST', TOKENS, JSON.stringify(WISH))),
  'post /api/v1/endpoint-tokens 503': () => broken(() => ask('POST', TOKENS, JSON.stringify(WISH))),
  'delete /api/v1/endpoint-tokens/{id} 204': async () => ask('DELETE', `${TOKENS}/${await made()}`),
  'delete /api/v1/endpoint-tokens/{id} 401': () => site.ask('DELETE', `${TOKENS}/x`),
  'delete /api/v1/endpoint-tokens/{id} 403': () => ask('DELETE', `${TOKENS}/x`, '', EVIL),
  'delete /api/v1/endpoint-tokens/{id} 404': () => ask('DELETE', `${TOKENS}/x`),
  'delete /api/v1/endpoint-tokens/{id} 503': () => broken(() => ask('DELETE', `${TOKENS}/x`)),
};

/** The same question to a router that keeps no endpoint tokens. */
async function withoutStore(method: string, path: string): Promise<Reply> {
  const other = await startSite(table([]));
  other.clearml.grant(token);
  try {
    return await other.ask(method, path, bearer(token));
  } finally {
    other.close();
  }
}

/** Schemas of the document, compiled by a validator that knows nothing of what made them. */
function validator(schema: object) {
  const ajv = new Ajv2020({ strict: true, allErrors: true, formats: { 'date-time': true } });
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas });
  const local = text.replaceAll('#/components/schemas/', '#/$defs/');
  const validate = ajv.compile(JSON.parse(local) as object);
  return (value: unknown): void => {
    assert.ok(validate(value), ajv.errorsText(validate.errors));
  };
}

test('every documented answer is given, and is what the document says', async (t) => {
  assert.equal(document.openapi, '3.1.0');
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.entries(responses).map(([status, response]) => ({
        name: `${method} ${path} ${status}`,
        status: Number(status),
        schema: response.content?.['application/json']?.schema,
      })),
    ),
  );
  assert.deepEqual(
    documented.map(({ name }) => name).toSorted(),
    Object.keys(SITUATIONS).toSorted(),
  );
  for (const { name, status, schema } of documented) {
    await t.test(name, async () => {
      await rm(join(folder, 'state'), { force: true });
      const reply = await SITUATIONS[name]?.();
      assert.equal(reply?.status, status, reply?.text);
      if (schema === undefined) {
        assert.equal(reply.text, '');
        return;
      }
      assert.match(String(reply.headers['content-type']), /^application\/json/);
      validator(schema)(JSON.parse(reply.text));
    });
  }
});

test('the listing of an administrator fills every part of its description', async () => {
  const reply = await SITUATIONS['get /api/v1/routes 200']?.();
  const listing = JSON.parse(reply?.text ?? '') as Record<string, unknown[] | null>;
  assert.ok(listing['administration'] !== null);
  assert.equal(listing['endpoints']?.length, 3);
  assert.equal(listing['staticRoutes']?.length, 1);
});

test('what the document says of a wish is what the server takes', async () => {
  await rm(join(folder, 'state'), { force: true });
  const schema = document.paths[TOKENS]?.['post']?.requestBody?.content['application/json'].schema;
  assert.ok(schema !== undefined);
  const validate = validator(schema);
  for (const [wish, good] of [
    [WISH, true],
    [{ ...WISH, expires_in: 60 }, true],
    [{ label: 'x', route: 'chat' }, true],
    [{ ...WISH, label: '' }, false],
    [{ ...WISH, label: 'x'.repeat(101) }, false],
    [{ ...WISH, expires_in: 59 }, false],
    [{ ...WISH, expires_in: 1.5 }, false],
    [{ ...WISH, endpoint: 'x' }, false],
    [{ ...WISH, more: 1 }, false],
    [{ endpoint: MINE }, false],
  ] as const) {
    const reply = await ask('POST', TOKENS, JSON.stringify(wish));
    assert.equal(reply.status, good ? 201 : 400, JSON.stringify(wish));
    if (good) validate(wish);
    else assert.throws(() => validate(wish), JSON.stringify(wish));
  }
});

test('what the document says of a grant that is wished for is what the server takes', async () => {
  await rm(join(folder, 'state'), { force: true });
  const schema = document.paths[GRANTS]?.['post']?.requestBody?.content['application/json'].schema;
  assert.ok(schema !== undefined);
  const validate = validator(schema);
  for (const [wish, good] of [
    [GRANT, true],
    [{ ...GRANT, people: ['carol'] }, true],
    [{ endpoint: MINE, everybody: true }, true],
    [{ project: 'churn', link: {} }, true],
    [{ endpoint: MINE, link: { uses: 100, expires_in: 2_592_000, guests: false } }, true],
    [{ ...GRANT, people: [] }, false],
    [{ ...GRANT, people: ['  '] }, false],
    [{ ...GRANT, people: Array.from({ length: 101 }, () => 'carol') }, false],
    [{ endpoint: MINE, everybody: false }, false],
    [{ endpoint: MINE, link: { uses: 0 } }, false],
    [{ endpoint: MINE, link: { uses: 101 } }, false],
    [{ endpoint: MINE, link: { expires_in: 59 } }, false],
    [{ endpoint: MINE, link: { expires_in: 2_592_001 } }, false],
    [{ endpoint: MINE, link: { secret: 'mine' } }, false],
    [{ ...GRANT, endpoint: 'x' }, false],
    [{ ...GRANT, more: 1 }, false],
  ] as const) {
    const reply = await ask('POST', GRANTS, JSON.stringify(wish));
    assert.equal(reply.status, good ? 201 : 400, JSON.stringify(wish));
    if (good) validate(wish);
    // White space alone is for the server to find.
    else if (!JSON.stringify(wish).includes('  ')) {
      assert.throws(() => validate(wish), JSON.stringify(wish));
    }
  }
});

test('every operation of the server is documented, and there is none beside them', async () => {
  const { settings, auth, routes } = site;
  const { ROUTER_URL: routerUrl } = settings;
  const activity = new Activity(routes);
  const lister = createLister({ settings, auth, routes, activity });
  const tried = new ConnectivityTest({ routerUrl, routes, viewer: auth.viewer, activity });
  const guard = new ActGuard({ settings, routes, signIn: undefined, log: site.log });
  const { log, tasks } = site;
  const operations = apiOperations({
    lister,
    test: tried,
    keeping: new Keeping({ routes, viewer: auth.viewer, activity, log }),
    tokens: undefined,
    grants: undefined,
    people: new People({ clearml: site.clearml }),
    ssh: new SshLogin({ tasks, routes }),
    asking: new Asking({ settings, tasks, pods: undefined, log }),
    guard,
    origin: '',
  });
  activity.close();
  // Served to whoever is not signed in, and so beside the operations.
  const flow = [CODE_PATH, TOKEN_PATH].map((path) => `post ${path}`);
  assert.deepEqual(
    [
      ...operations.map(({ method, path }) => `${method.toLowerCase()} ${path}`),
      ...flow,
    ].toSorted(),
    Object.entries(document.paths)
      .flatMap(([path, of]) => Object.keys(of).map((method) => `${method} ${path}`))
      .toSorted(),
  );
  for (const [path, documented] of Object.entries(document.paths)) {
    const allowed = Object.keys(documented).flatMap((method) =>
      method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()],
    );
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      if (allowed.includes(method)) continue;
      const reply = await ask(method, path.replace('{id}', MINE));
      assert.deepEqual(
        [reply.status, reply.headers.allow],
        [405, allowed.join(', ')],
        `${method} ${path}`,
      );
    }
  }
  for (const path of [
    '',
    'x',
    'routes/',
    'routes/x',
    'endpoints/',
    `endpoints/${MINE}/x`,
    'endpoint-tokens/',
  ]) {
    assert.equal((await ask('GET', `/api/v1/${path}`)).status, 404, path);
  }
});
