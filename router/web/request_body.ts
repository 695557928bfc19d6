import type { IncomingMessage } from 'node:http';

/** Far more than any form of the router's own holds. */
const LONGEST = 16 * 1024;
/** Milliseconds in which a body has to be there. */
const PATIENCE = 10_000;

/** The body of a small form as text; undefined where it is too long, too slow, or breaks off. */
export async function readBody(message: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  const timer = setTimeout(() => message.destroy(), PATIENCE);
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > LONGEST) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
