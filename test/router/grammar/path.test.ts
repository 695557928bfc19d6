import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { safeReturn } from '../../../router/auth/sessions/return_path.ts';
import { confineSetCookie } from '../../../router/http/headers/cookies.ts';
import { HostCookies } from '../../../router/http/headers/host_cookies.ts';
import { confineLocation } from '../../../router/http/headers/location.ts';
import type { ProxiedRequest } from '../../../router/http/headers/proxied_request.ts';
import { parseTarget } from '../../../router/routes/model/parse_target.ts';
import { climbs, isHealthPath, liesBelow, putBelow } from '../../../router/grammar/path.ts';
import { EMPTY_TABLE } from '../../../router/routes/model/table.ts';
import { TASK_A, TASK_B, httpEndpoint } from '../../support/proxy_world.ts';

const HOME = 'https://router.test';
const HOST = 'router.test';
const PREFIX = `/service/${TASK_A}`;

function proxiedTo(path: string, prefix = PREFIX, base = ''): ProxiedRequest {
  return {
    endpoint: httpEndpoint(8888),
    upstream: { address: '10.0.0.7', family: 4, port: 8888 },
    prefix,
    base,
    path,
    hostCookies: new HostCookies(() => []),
  };
}

const PIECES = [
  ['/', '//', '\\', '.', '..', '...', '%2e', '%2E', '.%2e', '%2e%2e', '%2f', '%5C', '%252e'],
  [';', ';x', '#', '?', '\t', ' ', '%', '%00', 'a', 'b c', '\u00c3\u00a4', ':', '@', '&', '='],
  [PREFIX, `${PREFIX}/`, `/service/${TASK_B}/`, `${PREFIX}__api/`, 'service', TASK_B],
  ['http:', 'https:', 'HTTPS:', 'http:/', 'https://', 'router.test', 'router.test:443'],
  [
    'router.test:80',
    'router.test.',
    'router%2etest',
    'x@',
    '10.0.0.7:8888',
    '10.0.0.7',
    'evil.test',
  ],
].flat();
const rest = fc
  .array(fc.constantFrom(...PIECES), { maxLength: 12 })
  .map((parts) => parts.join('').trim());

/** Whether a browser on a page of the endpoint, which is given this text as a URL, stays below the endpoint or leaves the router. */
function stays(text: string, path: string): boolean {
  const url = URL.parse(Buffer.from(text, 'latin1').toString('utf8'), HOME + PREFIX + path);
  if (url === null || url.host !== HOST) return true;
  return url.pathname === PREFIX || url.pathname.startsWith(`${PREFIX}/`);
}

test('whatever a task says, what comes of it never leaves the prefix as a browser resolves it', () => {
  const pages = fc.constantFrom('/', '/a/b?c=/d', '//x', '/a/../b');
  fc.assert(
    fc.property(rest, pages, (said, path) => {
      const put = putBelow(said, PREFIX);
      assert.ok(stays(put, '/'), put);
      for (const base of ['', PREFIX, '/chat']) {
        const location = confineLocation(said, proxiedTo(base + path, PREFIX, base), HOME);
        assert.ok(stays(location, path), `${said} became ${location}`);
      }
      const cookie = confineSetCookie(`a=1; Path=${said}`, proxiedTo(path), []) ?? '';
      for (const [, where = ''] of cookie.matchAll(/; Path=([^;]*)/g)) {
        assert.ok(stays(where, '/'), cookie);
      }
    }),
    { numRuns: 5_000 },
  );
});

test('a request and a way back that begin with the prefix stay below it, too', () => {
  const rules = { ownHost: HOST, wildcardHost: undefined, pathForm: true };
  const settings = {
    ROUTER_URL: { origin: HOME, host: HOST, hostname: HOST, secure: true },
    ROUTER_PAGES_URL: undefined,
    ROUTER_WILDCARD_HOST: undefined,
    ROUTER_PATH_FORM: true,
  };
  fc.assert(
    fc.property(rest, (text) => {
      const url = `${PREFIX}/${text}`;
      const target = parseTarget('GET', url, HOST, EMPTY_TABLE, rules);
      if (target.kind === 'endpoint') assert.ok(stays(url, '/'), url);
      const back = safeReturn(url, settings, EMPTY_TABLE);
      if (back !== undefined) assert.ok(stays(back.location, '/'), back.location);
    }),
    { numRuns: 5_000 },
  );
});

test('what stays below for one reader and not for another does not lie below', () => {
  for (const [path, below] of [
    ['', true],
    ['/', true],
    ['?/../..', true],
    ['/a/../b', true],
    ['/a/%2e%2e/b', true],
    ['/...', true],
    ['/a;b/..', true],
    ['x/', false],
    ['/..', false],
    ['/..;x', false],
    ['/a/..;/..#', false],
    ['/.%2E\\', false],
    ['/..%5cx', false],
    ['/a%2f..\\..', false],
    ['/.\t./x', false],
    ['/a#/../..', false],
    ['//..', false],
  ] as const) {
    assert.equal(liesBelow(PREFIX + path, PREFIX), below, path);
  }
  assert.equal(climbs('/../x', 0), true);
  assert.equal(climbs('/a/../x', 2), true);
});

test('Location, as browsers read it', () => {
  for (const [said, seen] of [
    ['/x', `${PREFIX}/x`],
    ['/caf\u00c3\u00a9#/../..', `${PREFIX}/caf\u00c3\u00a9#/../..`],
    [`${PREFIX}/x?y`, `${PREFIX}/x?y`],
    ['../c', '../c'],
    ['../../../x?y#z', `${PREFIX}/x?y#z`],
    [`${PREFIX}/../${TASK_B}/`, `${PREFIX}${PREFIX}/../${TASK_B}/`],
    [`${PREFIX}/..%2f${TASK_B}/`, `${PREFIX}${PREFIX}/..%2f${TASK_B}/`],
    ['/%2e%2e/x', `${PREFIX}/x`],
    ['\\x', `${PREFIX}/x`],
    ['/.\t./x', `${PREFIX}/x`],
    ['https:/x', `${PREFIX}/x`],
    ['https:x', 'https:x'],
    ['https://router.test:443/x', `${HOME}${PREFIX}/x`],
    ['https://router%2etest/x', `${HOME}${PREFIX}/x`],
    ['https://me@router.test/x', `${HOME}${PREFIX}/x`],
    ['https:\\\\router.test\\x', `${HOME}${PREFIX}/x`],
    ['https://router.test./x', `https://router.test.${PREFIX}/x`],
    ['http://router.test/x', `http://router.test${PREFIX}/x`],
    [`https://router.test${PREFIX}/../x`, `${HOME}${PREFIX}/service/x`],
    ['http://10.0.0.7:8888/../x', `${PREFIX}/x`],
    ['http://10.0.0.7:8889/x', 'http://10.0.0.7:8889/x'],
    ['http:/x', 'http:/x'],
    ['/\\evil.test/x', '/\\evil.test/x'],
    ['///evil.test/x', '///evil.test/x'],
    ['https://evil.test/..', 'https://evil.test/..'],
    ['mailto:a@b', 'mailto:a@b'],
  ] as const) {
    assert.equal(confineLocation(said, proxiedTo('/a/b'), HOME), seen, said);
  }
  const own = proxiedTo('/a/b', '');
  for (const said of ['/x', '../x', '/../x', 'https://router.test/x', '//evil.test/']) {
    assert.equal(confineLocation(said, own, HOME), said);
  }
  assert.equal(confineLocation('http://10.0.0.7:8888/x?y', own, HOME), '/x?y');
});

test('a health path is a path by RFC 3986, perhaps with a query, and leads nowhere above itself', () => {
  const longest = `/${'a'.repeat(255)}`;
  for (const path of [
    '/',
    '/health',
    '/v1/health?ready=1&x=%20',
    "/a;b=c/!$&'()*+,=:@-._~",
    longest,
  ]) {
    assert.equal(isHealthPath(path), true, path);
  }
  for (const text of [
    '',
    'health',
    'http://169.254.169.254/latest',
    '//169.254.169.254/latest',
    '/health HTTP/1.1\r\nX: y',
    '/health\r\n\r\nGET /shutdown',
    '/a b',
    '/a\tb',
    '/a#b',
    '/a\\b',
    '/%zz',
    '/%2',
    '/ä',
    '/\u0000',
    '/"',
    '/<script>',
    '/..',
    '/a/../../b',
    '/%2e%2e/b',
    '/..%2fb',
    `${longest}a`,
    `/${'%'.repeat(1_000_000)}`,
  ]) {
    assert.equal(isHealthPath(text), false, text.slice(0, 40));
  }
});

test('maps the Location of an app that keeps its prefix to where its reader is', () => {
  for (const [said, prefix, seen] of [
    [`${PREFIX}/x?y`, PREFIX, `${PREFIX}/x?y`],
    ['/x', PREFIX, `${PREFIX}/x`],
    [`http://10.0.0.7:8888${PREFIX}/x`, PREFIX, `${PREFIX}/x`],
    [`${HOME}${PREFIX}/x`, PREFIX, `${HOME}${PREFIX}/x`],
    ['../x', PREFIX, '../x'],
    [`${PREFIX}/x?y`, '', `${PREFIX}/x?y`],
    ['/x', '', '/x'],
    [`${PREFIX}/x?y`, '/chat', '/chat/x?y'],
    [PREFIX, '/chat', '/chat/'],
    [`${PREFIX}//evil.test/`, '/chat', '/chat//evil.test/'],
    [`${HOME}${PREFIX}/x`, '/chat', `${HOME}/chat/x`],
    [`http://10.0.0.7:8888${PREFIX}/x`, '/chat', '/chat/x'],
  ] as const) {
    const proxied = proxiedTo(`${PREFIX}/a/b`, prefix, PREFIX);
    assert.equal(confineLocation(said, proxied, HOME), seen, `${said} at ${prefix}`);
  }
});
