import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { afterEach, test } from 'node:test';
import { LISTING } from '../../../router/web/listing.ts';
import { ENDPOINTS, HOSTILE_NAME, serveWeb, tableWith, viewerOf } from './web_fixture.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function served(role = 'user', table = tableWith()) {
  const viewer = viewerOf(role);
  const web = await serveWeb(viewer, table);
  cleanups.push(web.close);
  return { ...web, asked: viewer.asked };
}

const idsOf = (listing: { endpoints: readonly { id: string }[] }): string[] =>
  listing.endpoints.map(({ id }) => id);

test('a user is listed what ClearML lets him see, and nothing else', async () => {
  const { get } = await served();
  const answer = await get('/api/v1/routes');
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  const text = await answer.text();
  const listing = LISTING.parse(JSON.parse(text));
  assert.deepEqual(idsOf(listing), [
    ENDPOINTS.refused.id,
    ENDPOINTS.named.id,
    ENDPOINTS.jupyter.id,
  ]);
  assert.equal(listing.administration, null);
  assert.deepEqual(listing.staticRoutes[0]?.endpoints, [ENDPOINTS.jupyter.id]);
  for (const secret of ['SECRET-TOKEN', 'bob', 'foreign', '10.0.0.1']) {
    assert.ok(!text.includes(secret), `${secret} is in the answer`);
  }
});

test('every lane tells its URL, its port or its reason', async () => {
  const { get } = await served();
  const { endpoints } = LISTING.parse(await (await get('/api/v1/routes')).json());
  const [refused, named, jupyter] = endpoints;
  const id = ENDPOINTS.jupyter.id;
  assert.deepEqual(jupyter?.http, {
    state: 'open',
    reason: null,
    url: `https://${id}.tasks.example.net/`,
    pathUrl: `https://tasks.example.com/service/${id}/`,
  });
  assert.deepEqual(jupyter.tcp, {
    state: 'open',
    reason: null,
    address: 'tcp.example.com',
    port: 10_022,
    tunnelUrl: `wss://tasks.example.com/service/${id}/`,
  });
  assert.deepEqual([named?.http?.state, named?.http?.url], ['waiting', null]);
  assert.deepEqual([named?.tcp?.address, named?.tcp?.port], [null, null]);
  assert.deepEqual(
    [refused?.http?.state, refused?.http?.reason, refused?.http?.url],
    ['refused', 'address 169.254.169.254 is never served', null],
  );
});

test('an administrator sees his company without asking, and the state of the router', async () => {
  const { get, asked } = await served('admin');
  const listing = LISTING.parse(await (await get('/api/v1/routes')).json());
  assert.equal(listing.endpoints.length, 4);
  assert.ok(!idsOf(listing).includes(ENDPOINTS.foreign.id));
  assert.deepEqual(asked, [ENDPOINTS.foreign.id]);
  assert.deepEqual(listing.administration, {
    leader: true,
    clearmlError: null,
    portsLeft: 3,
    problems: ['the TCP range is full'],
  });
  const root = await served('root');
  const all = LISTING.parse(await (await root.get('/api/v1/routes')).json());
  assert.equal(all.endpoints.length, 5);
});

test('a static route that serves others’ tasks alone is not listed', async () => {
  const { get } = await served(
    'user',
    tableWith({
      staticPaths: new Map(
        (['task', 'authenticated'] as const).map((access) => [
          access,
          {
            name: access,
            type: 'path',
            match: access,
            access,
            loadBalanced: false,
            enabled: true,
            status: 'routing',
            endpoints: [ENDPOINTS.bobs],
          },
        ]),
      ),
    }),
  );
  const listing = LISTING.parse(await (await get('/api/v1/routes')).json());
  assert.deepEqual(
    listing.staticRoutes.map(({ name, endpoints }) => [name, endpoints]),
    [['authenticated', []]],
  );
});

test('without a token: 401 as JSON, with WWW-Authenticate', async () => {
  const { get } = await served();
  for (const path of ['/', '/api/v1/routes', '/api/v1/openapi.json']) {
    const answer = await get(path, {});
    assert.equal(answer.status, 401);
    assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    assert.ok(!(await answer.text()).includes('JupyterLab'));
  }
});

test('ClearML away: 503, and no listing', async () => {
  const web = await serveWeb({
    ...viewerOf('user'),
    visible: async () => ({
      outcome: 'denied',
      status: 503,
      reason: 'clearml-unavailable',
      retryAfter: 5,
    }),
  });
  cleanups.push(web.close);
  const answer = await web.get('/api/v1/routes');
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '5');
});

test('the page escapes what tasks say and runs nothing but its own script', async () => {
  const { get } = await served('admin');
  const answer = await get('/');
  const policy = answer.headers.get('content-security-policy') ?? '';
  const page = await answer.text();
  assert.ok(!page.includes(HOSTILE_NAME));
  assert.ok(page.includes('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;amp;'));
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  for (const [tag, directive] of [
    ['style', 'style-src'],
    ['script', 'script-src'],
  ]) {
    const parts = page.split(`<${tag}>`);
    assert.equal(parts.length, 2);
    const text = parts[1]?.split(`</${tag}>`)[0] ?? '';
    const hash = createHash('sha256').update(text).digest('base64');
    assert.ok(
      policy.includes(`${directive} 'sha256-${hash}'`),
      `${tag} is not what the policy says`,
    );
  }
  assert.doesNotMatch(page, / on[a-z]+="/);
  assert.doesNotMatch(page, / style="/);
});

test('the page says what a port does not know and shows both ways to ssh', async () => {
  const { get } = await served();
  const page = await (await get('/')).text();
  assert.match(page, /TCP ports know no sign-in/);
  assert.ok(page.includes('ssh -p 10022 root@tcp.example.com'));
  assert.ok(page.includes('--protocol tcp.task-traffic-router'));
});

test('a stale table is shown as one', async () => {
  const { get } = await served('user', tableWith({ stale: true }));
  assert.match(await (await get('/')).text(), /ClearML does not answer/);
});

test('the OpenAPI document describes the answer that is given', async () => {
  const { get } = await served('admin');
  const document = (await (await get('/api/v1/openapi.json')).json()) as Document;
  assert.equal(document.openapi, '3.1.0');
  const { schema } =
    document.paths['/api/v1/routes'].get.responses[200].content['application/json'];
  const schemas = document.components.schemas;
  const seen: string[] = [];
  check(await (await get('/api/v1/routes')).json(), schema, schemas, '', seen);
  assert.ok(seen.includes('.endpoints[].tcp.tunnelUrl'));
  assert.ok(seen.includes('.administration.problems[]'));
});

interface Document {
  readonly openapi: string;
  readonly paths: {
    readonly '/api/v1/routes': {
      readonly get: {
        readonly responses: {
          readonly 200: {
            readonly content: { readonly 'application/json': { readonly schema: Schema } };
          };
        };
      };
    };
  };
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The part of JSON Schema that the document uses, read independently of what made it. */
function check(
  value: unknown,
  schema: Schema | undefined,
  schemas: Readonly<Record<string, Schema>>,
  at: string,
  seen: string[],
): void {
  seen.push(at);
  assert.ok(schema !== undefined, `${at} is not described`);
  if (schema.$ref !== undefined) {
    check(value, schemas[schema.$ref.split('/').at(-1) ?? ''], schemas, at, seen);
    return;
  }
  if (schema.anyOf !== undefined) {
    const fits = schema.anyOf.some((each) => {
      try {
        check(value, each, schemas, at, seen);
        return true;
      } catch {
        return false;
      }
    });
    assert.ok(fits, `${at}: ${JSON.stringify(value)} fits none of the described forms`);
    return;
  }
  if (schema.enum !== undefined) assert.ok(schema.enum.includes(value), at);
  const types = [schema.type ?? []].flat();
  if (value === null && types.includes('null')) return;
  switch (types[0]) {
    case 'object': {
      assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), at);
      const known = Object.keys(schema.properties ?? {});
      assert.deepEqual(Object.keys(value).toSorted(), known.toSorted(), `${at}: other keys`);
      for (const [key, inner] of Object.entries(value)) {
        check(inner, schema.properties?.[key], schemas, `${at}.${key}`, seen);
      }
      return;
    }
    case 'array':
      assert.ok(Array.isArray(value), at);
      for (const inner of value) check(inner, schema.items, schemas, `${at}[]`, seen);
      return;
    case 'integer':
      assert.ok(Number.isInteger(value), at);
      return;
    case 'null':
      assert.equal(value, null, at);
      return;
    default:
      assert.equal(typeof value, types[0], at);
  }
}

test('only what is there is answered, and only read', async () => {
  const { get } = await served();
  assert.equal((await get('/nothing')).status, 404);
  assert.equal((await get('/toString')).status, 404);
  const post = await get('/api/v1/routes', { 'x-user': 'alice' }, 'POST');
  assert.equal(post.status, 405);
  assert.equal(post.headers.get('allow'), 'GET, HEAD');
  const head = await get('/', { 'x-user': 'alice' }, 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
});
