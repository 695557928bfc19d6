/** Questions and answers of DNS, as far as a resolver of a pod needs them: RFC 1035 section 4. */

/** A question for the addresses of a name. */
export interface Question {
  readonly id: number;
  /** In lower case, without the last dot. */
  readonly name: string;
  /** `other`: addresses of another kind, or no addresses at all. */
  readonly type: 'A' | 'other';
  /** The question as it came, which its answer repeats. */
  readonly bytes: Buffer;
}

/** `no such name`, `failed`: there may be one, and nobody could be asked. Else the addresses, of version 4. */
export type Answer = readonly string[] | 'no such name' | 'failed';

const HEAD_BYTES = 12;
/** Of a question behind its name: type and class. */
const TYPE_BYTES = 4;
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;
const IS_ANSWER = 0x80_00;
const WITH_AUTHORITY = 0x04_00;
const RECURSION_DESIRED = 0x01_00;
const RECURSION_AVAILABLE = 0x00_80;
const TYPE_A = 1;
const CLASS_INTERNET = 1;
const CODES = { found: 0, failed: 2, 'no such name': 3 };
/** That of CoreDNS. Seconds. */
const TTL = 5;
/** So that an answer fits the 512 bytes of a datagram, whatever the name. */
const MOST_ADDRESSES = 15;

/** Undefined for what is no single question. */
export function readQuestion(message: Buffer): Question | undefined {
  if (message.length < HEAD_BYTES || (message.readUInt16BE(2) & IS_ANSWER) !== 0) return undefined;
  if (message.readUInt16BE(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEAD_BYTES;
  for (;;) {
    const length = message[at];
    if (length === undefined || length > LONGEST_LABEL) return undefined;
    at += 1;
    if (length === 0) break;
    labels.push(message.toString('latin1', at, at + length));
    at += length;
    if (at - HEAD_BYTES > LONGEST_NAME) return undefined;
  }
  const end = at + TYPE_BYTES;
  if (message.length < end) return undefined;
  const isAddress = message.readUInt16BE(at) === TYPE_A;
  return {
    id: message.readUInt16BE(0),
    name: labels.join('.').toLowerCase(),
    type: isAddress && message.readUInt16BE(at + 2) === CLASS_INTERNET ? 'A' : 'other',
    bytes: message.subarray(HEAD_BYTES, end),
  };
}

/** A name that has no address of the kind that was asked for is said to be there. */
export function writeAnswer({ id, type, bytes }: Question, answer: Answer): Buffer {
  const found = typeof answer === 'string' ? [] : answer;
  const addresses = type === 'A' ? found.slice(0, MOST_ADDRESSES) : [];
  const head = Buffer.alloc(HEAD_BYTES);
  const flags = IS_ANSWER | WITH_AUTHORITY | RECURSION_DESIRED | RECURSION_AVAILABLE;
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(flags | CODES[typeof answer === 'string' ? answer : 'found'], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  return Buffer.concat([head, bytes, ...addresses.map(record)]);
}

/** Its name is that of the question, by a pointer to it. */
function record(address: string): Buffer {
  const octets = address.split('.').map(Number);
  return Buffer.from([
    0xc0,
    HEAD_BYTES,
    0,
    TYPE_A,
    0,
    CLASS_INTERNET,
    0,
    0,
    0,
    TTL,
    0,
    4,
    ...octets,
  ]);
}
