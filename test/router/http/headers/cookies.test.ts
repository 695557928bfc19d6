import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  confineSetCookie,
  cookieValue,
  withoutCookies,
} from '../../../../router/http/headers/cookies.ts';
import { HostCookies } from '../../../../router/http/headers/host_cookies.ts';

const KEY = Buffer.alloc(32, 1);
const hostCookies = new HostCookies(() => [KEY]);
const AT_ROOT = { prefix: '', base: '', path: '/', hostCookies };
const OWN = ['token', '__Host-router_session'];

test('cuts the named cookies, all of them, and leaves the rest as it came', () => {
  for (const [before, after] of [
    ['a=1; b=2', 'a=1; b=2'],
    ['token=x', undefined],
    ['token=x; a=1; token=y', 'a=1'],
    ['a=1;token=x;  b="q r"', 'a=1;  b="q r"'],
    ['a=token; mytoken=1; token2=2; TOKEN=3', 'a=token; mytoken=1; token2=2; TOKEN=3'],
    ['a=aaa_token=1; token=ey;token_1=x', 'a=aaa_token=1;token_1=x'],
    [' token =x; a=1', 'a=1'],
    ['token; a', 'a'],
    ['\ttoken=x;;a=1', ';a=1'],
    ['__Host-router_session=s; c=', 'c='],
  ] as const) {
    assert.equal(withoutCookies(before, OWN), after, before);
  }
});

test('whatever is around it, no named cookie is left', () => {
  const cookie = fc.tuple(
    fc.constantFrom('token', 'a', 'token2', ' token', '__Host-router_session', 'x y', ''),
    fc.stringMatching(/^[a-z=" ]{0,6}$/),
  );
  fc.assert(
    fc.property(fc.array(cookie, { maxLength: 6 }), (cookies) => {
      const left = withoutCookies(
        cookies.map(([name, value]) => `${name}=${value}`).join(';'),
        OWN,
      );
      const names = (left ?? '').split(';').map((pair) => pair.split('=')[0]?.trim() ?? '');
      for (const own of OWN) assert.ok(!names.includes(own));
      const foreign = cookies.filter(([name]) => !OWN.includes(name.trim()));
      for (const [, value] of foreign) {
        assert.ok(value.trim() === '' || left?.includes(value.trim()));
      }
    }),
  );
});

test('confines what a task sets', () => {
  const prefix = '/service/x';
  for (const [said, path, seen] of [
    ['a=1', '/', 'a=1; Path=/service/x/'],
    ['a=1', '/lab/tree?q=/z', 'a=1; Path=/service/x/lab'],
    ['a=1; Path=/', '/lab/', 'a=1; Path=/service/x/'],
    ['a=1; Path=/lab; HttpOnly', '/', 'a=1; HttpOnly; Path=/service/x/lab'],
    ['a=1; Path=/service/x/lab', '/', 'a=1; Path=/service/x/lab'],
    ['a=1; Path=/service/x', '/', 'a=1; Path=/service/x'],
    ['a=1; Path=/service/xy', '/', 'a=1; Path=/service/x/service/xy'],
    ['a=1; path=/; PATH=/b; Path', '/c/', 'a=1; Path=/service/x/c'],
    ['a=1; Domain=.corp; Secure; domain=x', '/', 'a=1; Secure; Path=/service/x/'],
    ['a=1; Max-Age=3; SameSite=None', '/a;b/c', 'a=1; Max-Age=3; SameSite=None; Path=/service/x/'],
    ['a=b=c;Path=relative', '/', 'a=b=c; Path=/service/x/'],
    ['token=evil; Path=/', '/', undefined],
    [' token = evil', '/', undefined],
    ['=token=evil', '/', undefined],
    ['token', '/', undefined],
    ['', '/', undefined],
  ] as const) {
    assert.equal(confineSetCookie(said, { prefix, base: '', path, hostCookies }, OWN), seen, said);
  }
  assert.equal(confineSetCookie('a=1; Path=/; Domain=x', AT_ROOT, OWN), 'a=1; Path=/');
  assert.equal(confineSetCookie('a=1', AT_ROOT, OWN), 'a=1');
  assert.equal(confineSetCookie('token=1', AT_ROOT, OWN), undefined);
});

test('confines what an app sets that keeps its prefix', () => {
  const base = '/service/x';
  for (const [said, prefix, seen] of [
    ['a=1; Path=/service/x/lab', '/service/x', 'a=1; Path=/service/x/lab'],
    ['a=1', '/service/x', 'a=1; Path=/service/x/api'],
    ['a=1; Path=/', '/service/x', 'a=1; Path=/service/x/'],
    ['a=1; Path=/service/x/lab', '/chat', 'a=1; Path=/chat/lab'],
    ['a=1; Path=/service/x', '/chat', 'a=1; Path=/chat/'],
    ['a=1', '/chat', 'a=1; Path=/chat/api'],
    // On a host of its own it is reached at the root, too.
    ['a=1; Path=/service/x/', '', 'a=1; Path=/'],
    ['a=1; Path=/service/x', '', 'a=1; Path=/'],
    ['a=1; Path=/service/x/lab', '', 'a=1; Path=/service/x/lab'],
    ['a=1; Path=/; Domain=x', '', 'a=1; Path=/'],
    ['a=1', '', 'a=1'],
  ] as const) {
    const proxied = { prefix, base, path: '/service/x/api/y', hostCookies };
    assert.equal(confineSetCookie(said, proxied, OWN), seen, `${said} at ${prefix}`);
  }
});

test('finds a cookie among several headers', () => {
  const headers = ['Cookie', 'a=1', 'X', 'b=9', 'cookie', 'c=3; b=2=2'];
  assert.equal(cookieValue(headers, 'b'), '2=2');
  assert.equal(cookieValue(headers, 'd'), undefined);
});
