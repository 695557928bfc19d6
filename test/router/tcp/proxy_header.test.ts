import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  LONGEST_HEADER_BYTES,
  parseProxyHeader,
  writeProxyHeader,
} from '../../../router/tcp/proxy_header.ts';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const ENDS = {
  client: { address: '192.0.2.66', port: 40_000 },
  server: { address: '198.51.100.1', port: 30_400 },
};
const ENDS_6 = {
  client: { address: '2001:db8::66', port: 40_000 },
  server: { address: '2001:db8::1', port: 30_400 },
};

function binary(versionAndCommand: number, family: number, rest: Buffer, length = rest.length) {
  const head = Buffer.alloc(16);
  head.write(SIGNATURE, 'latin1');
  head.writeUInt8(versionAndCommand, 12);
  head.writeUInt8(family, 13);
  head.writeUInt16BE(length, 14);
  return Buffer.concat([head, rest]);
}

const TCP4 = writeProxyHeader(ENDS).subarray(16);
const TLV = Buffer.from([0xea, 0, 3, 1, 2, 3]);

const GOOD: readonly (readonly [string, Buffer, typeof ENDS | undefined])[] = [
  ['v1 TCP4', Buffer.from('PROXY TCP4 192.0.2.66 198.51.100.1 40000 30400\r\n'), ENDS],
  ['v1 TCP6', Buffer.from('PROXY TCP6 2001:db8::66 2001:DB8:0::1 40000 30400\r\n'), ENDS_6],
  [
    'v1 TCP6 of an IPv4 client',
    Buffer.from('PROXY TCP6 ::ffff:192.0.2.66 ::ffff:198.51.100.1 40000 30400\r\n'),
    ENDS,
  ],
  ['v1 UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), undefined],
  [
    'v1 UNKNOWN with the longest rest',
    Buffer.from(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`),
    undefined,
  ],
  ['v2 TCP4', writeProxyHeader(ENDS), ENDS],
  ['v2 TCP6', writeProxyHeader(ENDS_6), ENDS_6],
  ['v2 with further fields', binary(0x21, 0x11, Buffer.concat([TCP4, TLV])), ENDS],
  ['v2 AF_UNSPEC', binary(0x21, 0x00, TLV), undefined],
  [
    'v2 as long as may be',
    binary(0x21, 0x11, Buffer.concat([TCP4, Buffer.alloc(LONGEST_HEADER_BYTES - 28)])),
    ENDS,
  ],
];

for (const [title, header, ends] of GOOD) {
  test(`${title} is read, however much has come and whatever follows`, () => {
    for (let length = 0; length < header.length; length++) {
      assert.deepEqual(parseProxyHeader(header.subarray(0, length)), { state: 'incomplete' });
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (payload) => {
        const read = parseProxyHeader(Buffer.concat([header, payload]));
        assert.deepEqual(read, { state: 'complete', length: header.length, ends });
      }),
    );
  });
}

for (const [title, header] of [
  ['without addresses', binary(0x20, 0x00, Buffer.alloc(0))],
  ['with addresses that mean nothing', binary(0x20, 0x11, TCP4)],
  ['with further fields alone', binary(0x20, 0x00, TLV)],
] as const) {
  test(`LOCAL ${title} is the load balancer's own, once all of it is there`, () => {
    for (let length = 0; length < header.length; length++) {
      assert.deepEqual(parseProxyHeader(header.subarray(0, length)), { state: 'incomplete' });
    }
    assert.deepEqual(parseProxyHeader(header), { state: 'local', length: header.length });
  });
}

const BAD: readonly (readonly [string, Buffer])[] = [
  ['the client speaks at once (ssh)', Buffer.from('SSH-2.0-OpenSSH\r\n')],
  ['lower case', Buffer.from('proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['a line that does not end', Buffer.from(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`)],
  ['a family that is none', Buffer.from('PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['an address of the other family', Buffer.from('PROXY TCP4 ::1 ::1 1 2\r\n')],
  ['an address in another spelling', Buffer.from('PROXY TCP4 0x7f000001 1.2.3.4 1 2\r\n')],
  ['a zone', Buffer.from('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n')],
  ['two spaces', Buffer.from('PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n')],
  ['a field too many', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n')],
  ['a port missing', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n')],
  ['a port out of range', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n')],
  ['a port in another spelling', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 01 +2\r\n')],
  ['a bare LF', Buffer.from(`PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n${'x'.repeat(107)}`)],
  ['a bare LF with nothing behind it', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n')],
  ['a bare LF of no known client', Buffer.from('PROXY UNKNOWN\n')],
  ['a bare CR', Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rx')],
  ['a signature with one wrong byte', Buffer.from('\r\n\r\n\0\r\nQUIT\r')],
  ['version 1 in binary form', binary(0x11, 0x11, TCP4)],
  ['an unknown command', binary(0x22, 0x11, TCP4)],
  ['UDP', binary(0x21, 0x12, TCP4)],
  ['a Unix socket', binary(0x21, 0x31, Buffer.alloc(216))],
  ['addresses cut short', binary(0x21, 0x11, TCP4.subarray(0, 11))],
  ['IPv6 addresses cut short', binary(0x21, 0x21, Buffer.alloc(35))],
  ['a length beyond the bound', binary(0x21, 0x11, TCP4, LONGEST_HEADER_BYTES - 15)],
];

for (const [title, bytes] of BAD) {
  test(`${title} is malformed`, () => {
    assert.equal(parseProxyHeader(bytes).state, 'malformed');
  });
}

test('a line that ends otherwise is refused at once, with the reason', () => {
  assert.deepEqual(parseProxyHeader(Buffer.from('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n')), {
    state: 'malformed',
    reason: 'a PROXY line that does not end in CRLF',
  });
});

test('no bytes make the reader throw, or wait beyond the bound', () => {
  const start = fc.constantFrom('', 'P', 'PROXY ', 'PROXY TCP4 ', SIGNATURE, `${SIGNATURE}\u0021`);
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 64 }), (head, rest) => {
      const read = parseProxyHeader(Buffer.concat([Buffer.from(head, 'latin1'), rest]));
      if (read.state === 'complete') assert.ok(read.length <= head.length + rest.length);
    }),
    { numRuns: 2_000 },
  );
  assert.notEqual(parseProxyHeader(Buffer.alloc(LONGEST_HEADER_BYTES, 'P')).state, 'incomplete');
});

test('what is written is read, and two families become IPv6', () => {
  const v4 = fc.ipV4();
  const end = (address: fc.Arbitrary<string>) =>
    fc.record({ address, port: fc.integer({ min: 0, max: 65_535 }) });
  fc.assert(
    fc.property(end(v4), end(v4), (client, server) => {
      const header = writeProxyHeader({ client, server });
      assert.equal(header.length, 28);
      assert.deepEqual(parseProxyHeader(header), {
        state: 'complete',
        length: 28,
        ends: { client: { ...client }, server: { ...server } },
      });
    }),
  );
  const mixed = { client: ENDS_6.client, server: ENDS.server };
  const header = writeProxyHeader(mixed);
  assert.equal(header[13], 0x21);
  assert.deepEqual(parseProxyHeader(header), { state: 'complete', length: 52, ends: mixed });
});
