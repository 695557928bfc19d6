import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { safeReturn } from '../../../router/auth/sessions/return_path.ts';
import { confineSetCookie } from '../../../router/http/headers/cookies.ts';
import { confineLocation } from '../../../router/http/headers/location.ts';
import type { ProxiedRequest } from '../../../router/http/headers/proxied_request.ts';
import { parseTarget } from '../../../router/routes/model/parse_target.ts';
import { climbs, liesBelow, putBelow } from '../../../router/grammar/path.ts';
import { EMPTY_TABLE } from '../../../router/routes/model/table.ts';
import { TASK_A, TASK_B, httpEndpoint } from '../../support/proxy_world.ts';

const HOME = 'https://router.test';
const HOST = 'router.test';
const PREFIX = `/service/${TASK_A}`;

function proxiedTo(path: string, prefix = PREFIX): ProxiedRequest {
  return {
    endpoint: httpEndpoint(8888),
    upstream: { address: '10.0.0.7', family: 4, port: 8888 },
    prefix,
    path,
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
      const location = confineLocation(said, proxiedTo(path), HOME);
      assert.ok(stays(location, path), `${said} became ${location}`);
      const cookie = confineSetCookie(`a=1; Path=${said}`, PREFIX, path, []) ?? '';
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
