import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTarget } from '../../../../router/routes/model/parse_target.ts';
import type { TargetRules } from '../../../../router/routes/model/parse_target.ts';
import { EMPTY_TABLE } from '../../../../router/routes/model/table.ts';
import type { RouteTable, StaticRoute } from '../../../../router/routes/model/table.ts';
import { TASK_A, httpEndpoint } from '../../../support/proxy_world.ts';

const RULES: TargetRules = {
  ownHost: 'router.test',
  wildcardHost: 'w.router.test',
  pathForm: true,
};
const NAMED = httpEndpoint(1, `${TASK_A}__My.App`);

function staticRoute(type: StaticRoute['type'], match: string, enabled = true): StaticRoute {
  return {
    name: match,
    type,
    match,
    access: 'visible',
    loadBalanced: false,
    enabled,
    status: 'routing',
    endpoints: [],
  };
}

const CHAT = staticRoute('path', 'chat');
const OFF = staticRoute('path', 'off', false);
const HOSTED = staticRoute('subdomain', 'chat.example.com');
const TABLE: RouteTable = {
  ...EMPTY_TABLE,
  labels: new Map([[`${TASK_A}--my.app`, NAMED]]),
  staticPaths: new Map([
    ['chat', CHAT],
    ['off', OFF],
  ]),
  staticHosts: new Map([['chat.example.com', HOSTED]]),
};

function parse(url: string, hostname = 'router.test', method = 'GET') {
  return parseTarget(method, url, hostname, TABLE, RULES);
}

test('an endpoint’s path, in path form', () => {
  const cut = `/service/${TASK_A}`.length;
  assert.deepEqual(parse(`/service/${TASK_A}/x?y`), {
    kind: 'endpoint',
    form: 'path',
    id: TASK_A,
    cut,
  });
  assert.deepEqual(parse(`/service/${TASK_A}__My.App-1_x/`), {
    kind: 'endpoint',
    form: 'path',
    id: `${TASK_A}__My.App-1_x`,
    cut: cut + '__My.App-1_x'.length,
  });
  assert.deepEqual(parse(`/service/${TASK_A}`), {
    kind: 'redirect',
    location: `/service/${TASK_A}/`,
  });
  assert.deepEqual(parse(`/service/${TASK_A}?a=/b`), {
    kind: 'redirect',
    location: `/service/${TASK_A}/?a=/b`,
  });
});

test('an endpoint’s own host', () => {
  const host = `${TASK_A}.w.router.test`;
  assert.deepEqual(parse('/x', host), { kind: 'endpoint', form: 'wildcard', id: TASK_A, cut: 0 });
  assert.deepEqual(parse('/x', `${TASK_A}--my.app.w.router.test`), {
    kind: 'endpoint',
    form: 'wildcard',
    id: NAMED.id,
    cut: 0,
  });
  const under = parse(`/service/${TASK_A}/x`, host);
  assert.deepEqual(under, {
    kind: 'endpoint',
    form: 'wildcard',
    id: TASK_A,
    cut: `/service/${TASK_A}`.length,
  });
  for (const path of [
    `/service/${TASK_A}x/`,
    `/service/${'b'.repeat(32)}/`,
    '/service/',
    '/chat/',
  ]) {
    const target = parse(path, host);
    assert.equal(target.kind === 'endpoint' && target.cut, 0, path);
  }
  for (const label of ['x', 'a'.repeat(31), `${TASK_A}--`, `${TASK_A}-x`, `x.${TASK_A}`]) {
    const target = parse('/', `${label}.w.router.test`);
    assert.equal(target.kind === 'refused' && target.status, 404, label);
  }
  assert.equal(parse('/', 'aw.router.test').kind, 'refused');
  assert.equal(parse('/', 'w.router.test').kind, 'refused');
});

test('static routes, own pages, and nothing', () => {
  assert.deepEqual(parse('/chat/x'), { kind: 'static', route: CHAT, cut: 5 });
  assert.deepEqual(parse('/chat?x'), { kind: 'redirect', location: '/chat/?x' });
  assert.deepEqual(parse('/x', 'chat.example.com'), { kind: 'static', route: HOSTED, cut: 0 });
  assert.equal(parse('/off/x').kind, 'refused');
  assert.equal(parse('/chatx/', 'elsewhere.test').kind, 'refused');
  assert.deepEqual(parse('/api/v1/routes?a'), { kind: 'own', path: '/api/v1/routes', query: 'a' });
  assert.equal(parse('/', 'elsewhere.test').kind, 'refused');
  assert.equal(parse('/', 'elsewhere.test', 'TRACE').kind, 'refused');
});

const segment = fc.oneof(
  fc.constantFrom('..', '.', '%2e%2E', '.%2e', '..;a', '', 'a', 'b', '...', '%2e', 'x;y'),
  fc.stringMatching(/^[a-z.%25;~-]{0,4}$/),
);
const separator = fc.constantFrom('/', '\\', '%2f', '%5C', '//');

/** Where a server ends up that decodes, takes the given separators for one, and resolves dot segments. */
function depthOf(path: string, separators: RegExp): number {
  let depth = 0;
  let lowest = 0;
  for (const part of path.split(separators)) {
    const plain = part.replaceAll(/%2e/gi, '.').replace(/;.*$/, '');
    if (plain === '..') depth--;
    else if (plain !== '' && plain !== '.') depth++;
    lowest = Math.min(lowest, depth);
  }
  return lowest;
}

test('whatever follows, the id is the one of the path, and nothing leads above it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(separator, segment), { maxLength: 8 }), (parts) => {
      const rest = `/${parts.map(([mark, text]) => text + mark).join('')}`;
      const target = parse(`/service/${TASK_A}${rest}`);
      const climbs = [/\//, /[/\\]/, /\/|%2f/i, /[/\\]|%2f|%5c/i].some(
        (reading) => depthOf(rest, reading) < 0,
      );
      if (climbs) {
        assert.equal(target.kind, 'refused');
        return;
      }
      assert.ok(target.kind === 'endpoint');
      assert.equal(target.id, TASK_A);
      assert.equal(`/service/${TASK_A}${rest}`.slice(target.cut), rest);
    }),
    { numRuns: 2_000 },
  );
});

test('no other text is an endpoint of this task', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-fA-F0-9%_.\\/-]{0,40}$/), (text) => {
      const target = parse(`/service/${text}`);
      if (target.kind !== 'endpoint') return;
      assert.match(target.id, /^[0-9a-f]{32}(?:__[A-Za-z0-9._-]+)?$/);
      assert.ok(text.startsWith(`${target.id}/`));
    }),
    { numRuns: 2_000 },
  );
});

test('without the path form /service/ is a path like any other, and hosts are as they were', () => {
  const rules = { ...RULES, pathForm: false };
  const path = `/service/${TASK_A}/x`;
  const read = (hostname: string) => parseTarget('GET', path, hostname, TABLE, rules);
  assert.deepEqual(read('router.test'), { kind: 'own', path, query: '' });
  assert.equal(read('other.test').kind, 'refused');
  const cut = `/service/${TASK_A}`.length;
  assert.deepEqual(read(`${TASK_A}.w.router.test`), {
    kind: 'endpoint',
    form: 'wildcard',
    id: TASK_A,
    cut,
  });
});
