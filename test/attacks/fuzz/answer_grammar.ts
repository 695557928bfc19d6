import type { Dice } from './seeded.ts';
import { mutate } from './seeded.ts';

/** What a task says to one request, and how it goes on. */
export interface Plan {
  readonly bytes: string;
  readonly ending: 'end' | 'reset' | 'stay';
  readonly upgrade: boolean;
  readonly method: 'GET' | 'HEAD';
  /** Nothing is wrong with it: it has to get through. */
  readonly sound: boolean;
}

const FIELDS = [
  'X-App: yes',
  'X-App: again',
  'x_odd!name: \t a  b ',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Disposition: inline; filename="\u00e4\u00ff.txt"',
  'Set-Cookie: a=1; Path=/; Domain=.test',
  'Empty:',
  '__proto__: 1',
  'Clear-Site-Data: "*"',
  'Keep-Alive: timeout=5',
  'TE: trailers',
  'NEL: {}',
  'Set-Login: logged-in',
  'Connection: X-App, close',
  'Connection: keep-alive',
  'Trailer: X-Sum',
] as const;
const STATUS = [
  '200 OK',
  '200',
  '201 Created',
  '302 Found',
  '304 X',
  '204 No Content',
  '404 N\u00f6',
  '500 ',
  '599 x y z',
];
const INTERIMS = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 102 Processing\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n',
  'HTTP/1.1 199 Odd\r\nX: y\r\n\r\n',
];
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';

/** Lines that make trouble. */
const TROUBLE = [
  'Location: //x\\y',
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: -1',
  'Content-Length: +5',
  'Content-Length: 5, 5',
  'Content-Length: 0x5',
  'Content-Length: 99999999999999999999',
  'Content-Length : 5',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: "chunked"',
  'Transfer-Encoding:\u000bchunked',
  'Connection: Upgrade\r\nUpgrade: websocket',
  'Connection: close',
  ' folded',
  '\tfolded',
  'no colon',
  ': no name',
  'X: a\rb',
  'X: a\0b',
  'X\u00e4: b',
] as const;
const HEADS = [
  'HTTP/1.1 099 X',
  'HTTP/1.1 1000 X',
  'HTTP/1.1 999 X',
  'HTTP/1.1  200 OK',
  'HTTP/1.0 200 OK',
  'HTTP/0.9 200 OK',
  'HTTP/2.0 200 OK',
  'HTTP/1.1 101 X',
  'ICY 200 OK',
  'http/1.1 200 OK',
  'HTTP/1.1 200 a\u0001b',
  '',
] as const;
const SCRAPS = [
  '5\r\nhello\r\n',
  '0\r\n\r\n',
  '0\r\nX-Sum: \u0001\r\n\r\n',
  'ffffffffffffffff\r\n',
  '5;x="\n"\r\nhello\r\n',
  '5\r\r\nhello\r\n',
  'hello',
  '\r\n',
  'HTTP/1.1 200 OK\r\n\r\n',
];

function chunk(dice: Dice, text: string): string {
  const size = text.length.toString(16);
  return `${dice.pick([size, `0${size}`, size.toUpperCase(), `${size};a=b`])}\r\n${text}\r\n`;
}

function body(dice: Dice): string {
  return dice.some(0, 3, () =>
    dice.pick([
      'hello',
      '\r\n',
      '0\r\n\r\n',
      'HTTP/1.1 200 OK\r\n\r\n',
      '\u00ff\0',
      'x'.repeat(2_100),
    ]),
  );
}

function sound(dice: Dice, method: Plan['method'], upgrade: boolean): string {
  const fields = dice.some(0, 4, () => `${dice.pick(FIELDS)}\r\n`);
  const before = dice.once(4) ? dice.some(1, 3, () => dice.pick(INTERIMS)) : '';
  if (upgrade && dice.once(2)) {
    return `${before}${SWITCH}${dice.once(2) ? 'X-App: yes\r\n' : ''}\r\n${body(dice)}`;
  }
  const status = dice.pick(STATUS);
  const bodiless = method === 'HEAD' || status.startsWith('204') || status.startsWith('304');
  const head = `${before}HTTP/1.1 ${status}\r\n${fields}`;
  if (bodiless) return `${head}\r\n`;
  const text = body(dice);
  switch (dice.below(3)) {
    case 0:
      return `${head}Content-Length: ${text.length}\r\n\r\n${text}`;
    case 1: {
      const trailer = dice.once(3) ? 'X-Sum: 1\r\nSet-Cookie: evil=1\r\n' : '';
      const parts = dice.some(0, 3, () =>
        chunk(dice, dice.pick(['hello', 'x', '\r\n0\r\n\r\n', 'y'.repeat(2_100)])),
      );
      return `${head}Transfer-Encoding: ${dice.pick(['chunked', 'Chunked'])}\r\n\r\n${parts}0\r\n${trailer}\r\n`;
    }
    default:
      return `${head}\r\n${text}`;
  }
}

function troubled(dice: Dice): string {
  const line = dice.once(3) ? dice.pick(HEADS) : `HTTP/1.1 ${dice.pick(STATUS)}`;
  const before = dice.once(5) ? dice.pick(INTERIMS) : '';
  const fields = dice.some(
    1,
    4,
    () => `${dice.once(2) ? dice.pick(FIELDS) : dice.pick(TROUBLE)}\r\n`,
  );
  return `${before}${line}\r\n${fields}\r\n${dice.some(0, 3, () => dice.pick(SCRAPS))}`;
}

export function planOf(dice: Dice): Plan {
  const upgrade = dice.once(4);
  const method = !upgrade && dice.once(5) ? 'HEAD' : 'GET';
  const kind = dice.below(4);
  if (kind === 0) {
    const ending = dice.once(3) ? 'stay' : 'end';
    return { bytes: sound(dice, method, upgrade), ending, upgrade, method, sound: true };
  }
  let bytes = kind === 1 ? troubled(dice) : sound(dice, method, upgrade);
  if (kind === 2) {
    const lines = bytes.split('\r\n');
    bytes = lines.toSpliced(1 + dice.below(3), 0, dice.pick(TROUBLE)).join('\r\n');
  }
  const mistakes = kind === 3 ? 1 + dice.below(3) : dice.below(2);
  for (let left = mistakes; left > 0; left--) bytes = mutate(dice, bytes);
  const ending = dice.pick(['end', 'end', 'end', 'reset', 'stay'] as const);
  return { bytes, ending, upgrade, method, sound: false };
}
