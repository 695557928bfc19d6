import type { IncomingMessage } from 'node:http';

/** Far more than any form of the router's own holds. */
const LONGEST_BYTES = 16 * 1024;
const PATIENCE_MS = 10_000;

/** The body of a small form as text; undefined where it is too long, too slow, or breaks off. Its client can still be answered. */
export function readBody(message: IncomingMessage): Promise<string | undefined> {
  // A request without a body is often over by now, and says so no second time.
  if (message.readableEnded) return Promise.resolve('');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (text: string | undefined): void => {
      clearTimeout(timer);
      message.off('data', take).resume();
      resolve(text);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > LONGEST_BYTES) settle(undefined);
      else chunks.push(chunk);
    };
    const timer = setTimeout(() => settle(undefined), PATIENCE_MS);
    message
      .on('data', take)
      .once('end', () => settle(Buffer.concat(chunks).toString('utf8')))
      .once('error', () => settle(undefined))
      .once('close', () => settle(undefined));
  });
}
