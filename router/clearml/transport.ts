import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { watchFileText } from '../settings/watched_file.ts';
import { RouterError } from '../errors.ts';

/** How the API server is reached. */
export interface TransportOptions {
  /** CLEARML_API_HOST, without a slash at the end. */
  readonly apiHost: string;
  readonly sslVerify: boolean;
  /** Path of further CA certificates (PEM); when the file changes, new connections trust what it says now. */
  readonly caFile?: string | undefined;
  /** Further CA certificates themselves, where no file holds them. */
  readonly ca?: string | undefined;
  /** Milliseconds that one exchange may take, from the first byte sent to the last one read. */
  readonly timeout?: number | undefined;
  /** Connections at the same time; calls beyond them wait. */
  readonly maxSockets?: number | undefined;
  /** HTTPS_PROXY, HTTP_PROXY and NO_PROXY, in either case, are read from here. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

/** What came back, whatever its status. */
export interface RawAnswer {
  readonly status: number;
  readonly setCookie: readonly string[];
  readonly body: string;
}

/** POSTs one JSON body to one call of the API. */
export interface Transport {
  readonly post: (call: string, authorization: string, body: string) => Promise<RawAnswer>;
  readonly close: () => void;
}

const TIMEOUT_MS = 15_000;
const MAX_SOCKETS = 32;
/** Calls that may be open or wait for each connection: of a server that is silent nobody holds more than these. */
const CALLS_PER_SOCKET = 32;
/** 500 tasks with a runtime of 64 KB each are half of this; a server that sends more is not believed to be well. */
const LARGEST_BODY_BYTES = 64 * 1024 * 1024;

function unavailable(apiHost: string, call: string, why: string, cause?: unknown): RouterError {
  return new RouterError(
    'CLEARML_UNAVAILABLE',
    `ClearML at ${apiHost} did not answer ${call}: ${why}`,
    { cause },
  );
}

/** What an operator can act on: what went wrong, by its code where it has no words, and for TLS the setting that helps. */
function describe(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (/^(ERR_TLS|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO)/.test(code)) {
    return `${error.message} (${code}); name its CA in CLEARML_CA_FILE, or set SSL_VERIFY=false`;
  }
  return error.message === '' ? code : error.message;
}

/** What a connection trusts beside the certificates that Node knows. */
function trusted(further: string | undefined): { ca?: string[] } {
  return further === undefined ? {} : { ca: [...rootCertificates, further] };
}

/**
 * A kept connection that the server closed while it lay idle. It says nothing about the server, and the request is sent again:
 * every call that the router makes may be repeated.
 */
class StaleConnectionError extends Error {}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LARGEST_BODY_BYTES) {
      throw new Error(`the answer is larger than ${LARGEST_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length).toString('utf8');
}

/**
 * One keep-alive connection pool to the API server. Proxy environment variables apply here alone: connections to tasks never go
 * through a forward proxy, which would hide the address that was checked.
 */
export function createTransport(options: TransportOptions): Transport {
  const { apiHost, timeout = TIMEOUT_MS, maxSockets = MAX_SOCKETS } = options;
  const secure = apiHost.startsWith('https:');
  const pool = {
    keepAlive: true,
    maxSockets,
    maxFreeSockets: 8,
    proxyEnv: options.environment ?? process.env,
  };
  const { caFile } = options;
  const further = caFile === undefined ? options.ca : readFileSync(caFile, 'utf8');
  const agent = secure
    ? new HttpsAgent({ ...pool, ...trusted(further), rejectUnauthorized: options.sslVerify })
    : new HttpAgent(pool);
  const endWatch =
    caFile === undefined
      ? undefined
      : watchFileText(caFile, further ?? '', (text) => {
          // The published types lack `options`, from which each new connection is made.
          Object.assign((agent as unknown as { readonly options: object }).options, trusted(text));
        });
  const request = secure ? httpsRequest : httpRequest;

  const send = (call: string, authorization: string, body: string, signal: AbortSignal) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(`${apiHost}/${call}`, {
        agent,
        method: 'POST',
        signal,
        headers: {
          authorization,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      });
      sent.on('response', resolve);
      sent.on('error', (error) => {
        const kept = sent.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
        reject(kept ? new StaleConnectionError() : error);
      });
      sent.end(body);
    });

  const exchange = async (
    call: string,
    authorization: string,
    body: string,
    signal: AbortSignal,
  ): Promise<RawAnswer> => {
    const message = await send(call, authorization, body, signal);
    return {
      status: message.statusCode ?? 0,
      setCookie: message.headers['set-cookie'] ?? [],
      body: await readBody(message),
    };
  };

  const untilAnswered: Transport['post'] = async (call, authorization, body) => {
    const signal = AbortSignal.timeout(timeout);
    for (;;) {
      try {
        return await exchange(call, authorization, body, signal);
      } catch (error) {
        if (signal.aborted) throw unavailable(apiHost, call, `no answer within ${timeout} ms`);
        if (error instanceof StaleConnectionError) continue;
        throw unavailable(apiHost, call, describe(error as Error), error);
      }
    }
  };

  let open = 0;
  return {
    post: async (call, authorization, body) => {
      if (open >= maxSockets * CALLS_PER_SOCKET) {
        throw unavailable(apiHost, call, `${open} calls wait for their answers already`);
      }
      open += 1;
      try {
        return await untilAnswered(call, authorization, body);
      } finally {
        open -= 1;
      }
    },
    close: () => {
      endWatch?.();
      agent.destroy();
    },
  };
}
