import { LET_IN } from '../../support/attacked.ts';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';
import type { Dice } from './seeded.ts';
import { mutate } from './seeded.ts';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'M-SEARCH'] as const;
const ODD_METHODS = ['get', 'TRACE', 'CONNECT', 'PRI', 'GE T', 'X', ''] as const;
const RESTS = [
  '/',
  '/x',
  '/x?y=1',
  '',
  '?q',
  '//evil.test/x',
  '/a%2fb',
  '/..;/x',
  '/%',
  '/%00',
  '/;/?q="<>^{}',
  '/\u00e4',
  '/x#y',
  '/a b',
] as const;
/** Their ways out of the prefix. */
const CLIMBS = ['/../', '/%2e%2e/', '/..\\', '/a/../../', '\\..\\', '/%2E./'] as const;
const FIELDS = [
  'X-App: yes',
  'Accept: */*',
  'User-Agent: x',
  'X-ClearML-User-Id: admin',
  'X_ClearML_User_Id: admin',
  'X.ClearML.User.Id: admin',
  'X-Forwarded-Prefix: /service/x',
  'X-Forwarded-For: 1.2.3.4',
  'Cookie: a=1',
  'Expect: 100-continue',
  'TE: trailers, chunked',
  'Trailer: X-Sum',
  'Keep-Alive: timeout=5',
  'Upgrade: h2c',
  'Connection: keep-alive, transfer-encoding',
  'Connection: content-length, host, x-clearml-user-id',
  'Connection: close, Cookie',
  'Content-Encoding: gzip',
  'X-\u00e4: b',
  'X: \u00e4',
] as const;
const FRAMING = [
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: 60',
  'Content-Length: +5',
  'Content-Length: -5',
  'Content-Length: 5, 5',
  'Content-Length: 0x5',
  'Content-Length : 5',
  'Content_Length: 5',
  'content-length:5',
  'Content-Length: 5 6',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: Chunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: identity, chunked',
  'Transfer-Encoding: chunked\u000b',
  'Transfer-Encoding:\tchunked',
  'Transfer_Encoding: chunked',
  'Transfer-Encoding:\r\n chunked',
  'X: y\r\n folded: Transfer-Encoding: chunked',
  'X: y\nTransfer-Encoding: chunked',
  'X: y\rTransfer-Encoding: chunked',
] as const;
const SIZES = [
  '5',
  '05',
  '5;a=b',
  '5;x="\r\n"',
  '5 ',
  '5\r',
  '0x5',
  'ffffffffffffffff5',
  ' 5',
  '5;\n',
] as const;

const hidden = (id: string): string => `GET /service/${id}/hidden HTTP/1.1\r\nHost: x\r\n\r\n`;

function chunks(dice: Dice, id: string): string {
  const parts = dice.some(
    0,
    3,
    () => `${dice.once(3) ? dice.pick(SIZES) : '5'}\r\nhello${dice.once(6) ? '' : '\r\n'}`,
  );
  const inner = dice.once(3) ? `${hidden(id).length.toString(16)}\r\n${hidden(id)}\r\n` : '';
  return `${parts}${inner}0\r\n${dice.once(4) ? 'X-Sum: 1\r\nHost: y\r\n' : ''}\r\n`;
}

/** One request, sound or not, to the endpoint with this id. */
function requestTo(dice: Dice, id: string, other: string): string {
  // Half of them are sound: what does not arrive shows little.
  const trouble = (of: number): boolean => tricky && dice.once(of);
  const tricky = dice.once(2);
  const method = trouble(4) ? dice.pick(ODD_METHODS) : dice.pick(METHODS);
  const path = `/service/${id}${trouble(4) ? dice.pick(CLIMBS) + other : dice.pick(RESTS)}`;
  const target = trouble(6)
    ? dice.pick([`http://router.test${path}`, '*', `x${path}`, `//x${path}`])
    : path;
  const version = trouble(6)
    ? dice.pick(['HTTP/1.0', 'HTTP/2.0', 'HTTP/1.2', 'HTTP/0.9', 'http/1.1', ''])
    : 'HTTP/1.1';
  const lines = [
    `Host: ${trouble(6) ? dice.pick(['a b', 'x@y', '', 'router.test, x']) : 'router.test'}`,
    LET_IN,
  ];
  for (let left = dice.below(3); left > 0; left--) lines.push(dice.pick(FIELDS));
  if (dice.once(8)) lines.push(...HANDSHAKE);
  let body = '';
  switch (dice.below(tricky ? 5 : 3)) {
    case 0:
      break;
    case 1:
      body = dice.once(2) ? hidden(id) : 'hello';
      lines.push(`Content-Length: ${body.length}`);
      break;
    case 2:
      body = chunks(dice, id);
      lines.push('Transfer-Encoding: chunked');
      break;
    default:
      for (let left = 1 + dice.below(2); left > 0; left--) lines.push(dice.pick(FRAMING));
      body = dice.pick(['', 'hello', hidden(id), chunks(dice, id), `0\r\n\r\n${hidden(id)}`]);
  }
  // Where the trouble stands among the headers matters to some readers.
  const last = lines.length > 2 && dice.once(2) ? lines.pop() : undefined;
  if (last !== undefined) lines.unshift(last);
  return `${method} ${target} ${version}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

/** All that a client sends over one connection. */
export function bytesOf(dice: Dice, id: string, other: string): string {
  let bytes = requestTo(dice, id, other);
  if (dice.once(5)) bytes += dice.once(3) ? hidden(id) : requestTo(dice, id, other);
  for (let left = dice.once(2) ? 0 : 1 + dice.below(2); left > 0; left--) {
    bytes = mutate(dice, bytes);
  }
  return bytes;
}
