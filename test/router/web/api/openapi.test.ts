import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { Activity } from '../../../../router/activity/activity.ts';
import { ConnectivityTest } from '../../../../router/web/api/connectivity_test.ts';
import { createLister } from '../../../../router/web/overview/lister.ts';
import { ActGuard } from '../../../../router/web/endpoint_tokens/act_guard.ts';
import { apiOperations } from '../../../../router/web/api/operations.ts';
import {
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
  const mine = { ...endpoint(MINE), http: { state: 'open', upstream } as const, tcp };
  const routes = [staticRoute('chat', 'authenticated', [mine])];
  site = await startSite(table([mine, waiting, endpoint(OTHERS)], routes), {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET: 'a-secret-of-the-router-itself',
    TCP_ROUTER_ADDRESS: 'tcp.example.com',
    TCP_PORT_START: '10000',
    TCP_PORT_END: '10009',
  });
  token = await tokenOf('owner');
  const payload = claims('boss');
  admin = await sign({
    ...payload,
    identity: { ...(payload['identity'] as object), role: 'admin' },
  });
  for (const one of [token, admin]) site.clearml.grant(one, MINE);
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
const TOKENS = '/api/v1/endpoint-tokens';

/** How each documented answer comes about, on the real pages: by operation and status. */
const SITUATIONS: Readonly<Record<string, () => Promise<Reply>>> = {
  'get /api/v1/routes 200': () => site.ask('GET', ROUTES, bearer(admin)),
  'get /api/v1/routes 401': () => site.ask('GET', ROUTES),
  'get /api/v1/routes 503': () => away(() => ask('GET', ROUTES)),
  'get /api/v1/openapi.json 200': () => ask('GET', '/api/v1/openapi.json'),
  'get /api/v1/openapi.json 401': () => site.ask('GET', '/api/v1/openapi.json'),
  'post /api/v1/endpoints/{id}/test 200': () => ask('POST', TEST),
  'post /api/v1/endpoints/{id}/test 401': () => site.ask('POST', TEST),
  'post /api/v1/endpoints/{id}/test 403': () => ask('POST', TEST, '', EVIL),
  'post /api/v1/endpoints/{id}/test 404': () => ask('POST', TEST.replace(MINE, taskId('f'))),
  'post /api/v1/endpoints/{id}/test 429': () => often(30, () => ask('POST', TEST)),
  'post /api/v1/endpoints/{id}/test 503': () => away(() => ask('POST', TEST)),
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

test('every operation of the server is documented, and there is none beside them', async () => {
  const { settings, auth, routes } = site;
  const { ROUTER_URL: routerUrl } = settings;
  const activity = new Activity(routes);
  const lister = createLister({ settings, auth, routes, activity });
  const tried = new ConnectivityTest({ routerUrl, routes, viewer: auth.viewer, activity });
  const guard = new ActGuard({ settings, routes, signIn: undefined, log: site.log });
  const operations = apiOperations({ lister, test: tried, tokens: undefined, guard, origin: '' });
  activity.close();
  assert.deepEqual(
    operations.map(({ method, path }) => `${method.toLowerCase()} ${path}`).toSorted(),
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
    'endpoints',
    `endpoints/${MINE}`,
    'endpoint-tokens/',
  ]) {
    assert.equal((await ask('GET', `/api/v1/${path}`)).status, 404, path);
  }
});
