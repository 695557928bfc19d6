import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HostCookies } from '../../../../router/http/headers/host_cookies.ts';

const OLD = Buffer.alloc(32, 1);
const NEW = Buffer.alloc(32, 2);
const A = '/service/a';
const B = '/service/b';
const cookies = new HostCookies(() => [NEW, OLD]);

function renamed(name: string, prefix: string, by = cookies): string {
  const out = by.out(name, prefix);
  assert.ok(out?.startsWith('__Secure-task-') === true, out);
  return out;
}

test('what is set under one name comes back under it, whatever its case, and the rest as it came', () => {
  for (const name of ['__Host-sid', '__host-Sid', '__HOST-', '__Host-Http-x']) {
    const kept = renamed(name, A);
    assert.equal(cookies.back(`a=1; ${kept}=x=y;b`, A, []), `a=1; ${name}=x=y;b`);
  }
  for (const header of ['a=1', '__utma=1; b="q r"', ' a = __Host-x', '__Secure-x=1;;c']) {
    assert.equal(cookies.back(header, A, []), header.trim());
  }
  for (const name of ['a', '__Secure-a', '_Host-a', '__Hosta', 'x__Host-a']) {
    assert.equal(cookies.out(name, A), name);
  }
});

test('a cookie that this task did not set, of such a name, does not reach it', () => {
  const [own, others] = [renamed('__Host-sid', A), renamed('__Host-sid', B)];
  assert.notEqual(own, others);
  const changed = own.replace(/(?<=^__Secure-task-)./, (first) => (first === 'A' ? 'B' : 'A'));
  for (const pair of [
    `${others}=evil`,
    `${changed}=evil`,
    own.slice(0, -1),
    '__Host-sid=evil',
    '__hOsT-sid=evil',
    ' __Host-sid =evil',
    '__Host-sid',
    '__Secure-task-=evil',
    '__Secure-task-__Host-sid=evil',
    `${own.replace('__Host-sid', 'sid')}=evil`,
    `${own.replace('__Host-sid', '__Host-router_session')}=evil`,
  ]) {
    const left = cookies.back(`a=1; ${pair}; b=2`, A, ['__Host-router_session', '__Host-si']);
    assert.equal(left, 'a=1; b=2', pair);
  }
  assert.equal(cookies.back('__Host-sid=evil', A, []), undefined);
  for (const name of [own, others, '__Secure-task-x']) {
    assert.equal(cookies.out(name, A), undefined);
  }
});

test('of two keys either is known, and the newest makes', () => {
  const before = renamed('__Host-sid', A, new HostCookies(() => [OLD]));
  assert.equal(cookies.back(`${before}=1`, A, []), '__Host-sid=1');
  assert.equal(renamed('__Host-sid', A), renamed('__Host-sid', A, new HostCookies(() => [NEW])));
  assert.equal(new HostCookies(() => []).out('__Host-sid', A), undefined);
});
