import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { HANDSHAKE } from '../../support/web_socket_handshake.ts';

/** One answer as Node's own client (llhttp) reads it. */
export interface Reading {
  readonly status: number;
  /** Name, value, name, value …, one character per byte. */
  readonly headers: readonly string[];
  readonly trailers: readonly string[];
  readonly body: string;
  /** It came to its end. */
  readonly complete: boolean;
  /** It is a 101 to another protocol, and the body is what follows. */
  readonly switched: boolean;
}

/** The bytes as a connection that says them once it was asked. */
function connectionOf(bytes: Buffer, ending: 'end' | 'reset', over: () => void): Duplex {
  let said = false;
  const connection = new Duplex({
    read: () => undefined,
    write(this: Duplex, _chunk, _encoding, callback) {
      callback();
      if (said) return;
      said = true;
      if (bytes.length > 0) this.push(bytes);
      if (ending === 'end') this.push(null);
      setImmediate(() => {
        if (ending === 'reset') this.destroy(new Error('reset'));
        setImmediate(over);
      });
    },
  });
  return connection.on('error', () => undefined);
}

/** Undefined where llhttp reads no answer. */
export function readAnswer(
  bytes: Buffer,
  method: string,
  upgrade: boolean,
  ending: 'end' | 'reset',
): Promise<Reading | undefined> {
  return new Promise((resolve) => {
    let answer: IncomingMessage | undefined;
    let body = '';
    let switched = false;
    let connection: Duplex | undefined;
    const settle = (): void => {
      connection?.destroy();
      asking.destroy();
      resolve(
        answer && {
          status: answer.statusCode ?? 0,
          headers: answer.rawHeaders,
          trailers: answer.rawTrailers,
          body,
          complete: switched || answer.complete,
          switched,
        },
      );
    };
    const headers = upgrade ? Object.fromEntries(HANDSHAKE.map((line) => line.split(': '))) : {};
    const asking = request({
      method,
      headers: headers as Record<string, string>,
      maxHeaderSize: 64 * 1024,
      insecureHTTPParser: false,
      createConnection: () => (connection = connectionOf(bytes, ending, settle)),
    });
    asking.maxHeadersCount = 0;
    asking.on('error', () => undefined);
    asking.on('response', (response) => {
      answer = response;
      response.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
      response.on('error', () => undefined);
    });
    asking.on('upgrade', (response, _socket, head) => {
      answer = response;
      switched = true;
      body = head.toString('latin1');
    });
    asking.end();
  });
}
