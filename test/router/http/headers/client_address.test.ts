import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { plainAddress, readClientInfo } from '../../../../router/http/headers/client_address.ts';
import { readHead } from '../../../../router/http/headers/request_head.ts';
import type { RequestHead } from '../../../../router/http/headers/request_head.ts';

function headOf(...rawHeaders: readonly string[]): RequestHead {
  const request = new IncomingMessage(new Socket());
  request.httpVersionMajor = 1;
  request.httpVersionMinor = 1;
  request.method = 'GET';
  request.url = '/';
  request.rawHeaders = ['Host', 'router.test', ...rawHeaders];
  const head = readHead(request);
  assert.ok(!('status' in head));
  return head;
}

const trusted = (address: string): boolean => address.startsWith('10.');

function originOf(peer: string, ...rawHeaders: readonly string[]) {
  return readClientInfo(headOf(...rawHeaders), peer, trusted(peer), trusted, 'https');
}

test('a stranger is who it is', () => {
  const headers = [
    'X-Forwarded-For',
    '6.6.6.6',
    'X-Forwarded-Proto',
    'http',
    'X-Forwarded-Host',
    'e',
  ];
  assert.deepEqual(originOf('192.0.2.1', ...headers), {
    address: '192.0.2.1',
    forwardedFor: '192.0.2.1',
    known: '192.0.2.1',
    scheme: 'https',
    host: 'router.test',
  });
});

test('of a trusted proxy the part from the rightmost stranger on is believed', () => {
  for (const [said, address, forwardedFor] of [
    ['192.0.2.7', '192.0.2.7', '192.0.2.7, 10.0.0.1'],
    ['6.6.6.6, 192.0.2.7, 10.0.0.2', '192.0.2.7', '192.0.2.7, 10.0.0.2, 10.0.0.1'],
    ['10.0.0.3, 10.0.0.2', '10.0.0.3', '10.0.0.3, 10.0.0.2, 10.0.0.1'],
    ['2001:db8::1', '2001:db8::1', '2001:db8::1, 10.0.0.1'],
    ['[2001:db8::1]:443', '2001:db8::1', '2001:db8::1, 10.0.0.1'],
    ['192.0.2.7:5123', '192.0.2.7', '192.0.2.7, 10.0.0.1'],
    ['::ffff:192.0.2.7', '192.0.2.7', '192.0.2.7, 10.0.0.1'],
    ['192.0.2.7, garbage', '10.0.0.1', '10.0.0.1'],
    ['', '10.0.0.1', '10.0.0.1'],
  ] as const) {
    const origin = originOf('10.0.0.1', 'X-Forwarded-For', said);
    assert.equal(origin.address, address, said);
    assert.equal(origin.forwardedFor, forwardedFor, said);
  }
});

test('A51: three hundred hops are not three hundred entries', () => {
  const many = Array.from({ length: 300 }, (_, index) => `10.1.${index % 256}.1`).join(', ');
  const origin = originOf('10.0.0.1', 'X-Forwarded-For', many);
  assert.ok(origin.forwardedFor.split(', ').length <= 33);
  const padded = `${', '.repeat(10_000)}192.0.2.7`;
  assert.equal(originOf('10.0.0.1', 'X-Forwarded-For', padded).address, '192.0.2.7');
});

test('scheme and host of a trusted proxy, as far as they are such', () => {
  const origin = originOf(
    '10.0.0.1',
    'X-Forwarded-Proto',
    'HTTP',
    'X-Forwarded-Host',
    'a.test:8443',
  );
  assert.equal(origin.scheme, 'http');
  assert.equal(origin.host, 'a.test:8443');
  const odd = originOf('10.0.0.1', 'X-Forwarded-Proto', 'gopher', 'X-Forwarded-Host', 'a b');
  assert.equal(odd.scheme, 'https');
  assert.equal(odd.host, 'router.test');
});

test('IPv4 in IPv6 clothes is IPv4', () => {
  assert.equal(plainAddress('::ffff:10.0.0.1'), '10.0.0.1');
  assert.equal(plainAddress('::1'), '::1');
  assert.equal(plainAddress(undefined), '');
});

test('A85: a neighbour on the link is its address, without the name that an interface of this machine has', () => {
  assert.equal(plainAddress('fe80::1%br-lan'), 'fe80::1');
  assert.equal(plainAddress('fe80::1%eth0.100'), 'fe80::1');
});
