import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Upstream } from './routes/model/endpoint.ts';
import { requestOf } from './upstream/task_tls.ts';

/** A question to an address that may be anybody's. */
export interface BoundedQuestion {
  readonly upstream: Upstream;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What the answer may be long: its head, and its body. */
  readonly mostHeaderBytes: number;
  readonly mostBytes: number;
  /** Ends it, to the last byte of the body. */
  readonly signal: AbortSignal;
}

export interface BoundedAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Of a 200 alone, and only where it is not too long. */
  readonly body: Buffer | undefined;
}

/**
 * Asks by GET, on a connection of its own, and follows no redirect. Rejects where there is no answer of HTTP, or not in time.
 */
export async function askBounded(question: BoundedQuestion): Promise<BoundedAnswer> {
  const { upstream, path, headers, mostHeaderBytes, mostBytes, signal } = question;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    requestOf(upstream, { path, maxHeaderSize: mostHeaderBytes, headers, signal })
      .on('response', resolve)
      // A 101 that nobody asked for, after which Node tells nothing more: without this the question would never end.
      .on('upgrade', (switched, socket) => {
        socket.destroy();
        resolve(switched);
      })
      .on('error', reject)
      .end();
  });
  try {
    const status = answer.statusCode ?? 0;
    const body = status === 200 ? await bodyOf(answer, mostBytes) : undefined;
    return { status, headers: answer.headers, body };
  } finally {
    answer.destroy();
  }
}

/** Undefined for one that is too long. */
async function bodyOf(answer: IncomingMessage, most: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
