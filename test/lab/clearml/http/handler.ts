import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, apiError } from '../api_error.ts';
import type { AccessLog } from './access_log.ts';
import { authenticate } from '../authentication/authentication.ts';
import { compareVersions, type Call, type Caller, type Endpoint, type Server } from '../call.ts';
import { authCookie } from '../authentication/cookie.ts';
import { envelope, type Outcome } from './envelope.ts';
import { answerFault, type FaultAnswer } from '../faults/fault_answers.ts';
import type { Faults } from '../faults/faults.ts';
import { readBatch, readBody, readData, readPath } from './request.ts';

/** What a request became, on its way to an answer. */
interface Exchange {
  name: string;
  version: string;
  actualVersion: string | undefined;
  caller: Caller | undefined;
  cookie: string | undefined;
}

/** Answers requests as the API server does, except where a fault is on. */
export function createHandler(
  server: Server,
  calls: ReadonlyMap<string, Endpoint>,
  faults: Faults,
  log: AccessLog,
) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const at = Date.now();
    const exchange: Exchange = {
      name: '',
      version: server.options.apiVersion,
      actualVersion: undefined,
      caller: undefined,
      cookie: undefined,
    };
    const body = await readBody(request);
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const fault = await meetFault(url, request, exchange);
    const outcome = await settle(async () => {
      const early = fault?.early;
      if (early !== undefined) return early;
      return {
        ...SUCCESS,
        data: await answer(url, request, body, exchange, fault?.dropped === true),
      };
    });
    log.add({
      call: exchange.name,
      version: exchange.version,
      user: exchange.caller?.identity.user,
      status: fault?.silent === true ? 0 : (fault?.status ?? outcome.code),
      subcode: outcome.subcode,
      fault: fault?.kind,
      at,
      duration: Date.now() - at,
    });
    if (request.headers['content-encoding'] !== undefined) {
      response.writeHead(415).end('Content encoding is not supported');
      return;
    }
    const id = randomUUID().replaceAll('-', '');
    const trx = request.headers['x-clearml-trx'] ?? request.headers['x-trains-trx'];
    const text = envelope(
      {
        id,
        trx: typeof trx === 'string' ? trx : id,
        name: exchange.name,
        requestedVersion: exchange.version,
        actualVersion: exchange.actualVersion,
      },
      outcome,
    );
    if (fault?.write !== undefined) {
      fault.write(response, text);
      return;
    }
    response.writeHead(outcome.code, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      server: 'clearml',
      ...(server.options.closesConnections ? { connection: 'close' } : {}),
      ...(exchange.cookie === undefined ? {} : { 'set-cookie': exchange.cookie }),
    });
    response.end(text);
  };

  function withoutPrefix(url: URL): string {
    const { pathPrefix } = server.options;
    return url.pathname.startsWith(pathPrefix)
      ? url.pathname.slice(pathPrefix.length)
      : url.pathname;
  }

  async function meetFault(
    url: URL,
    request: IncomingMessage,
    exchange: Exchange,
  ): Promise<FaultAnswer | undefined> {
    let name = '';
    try {
      name = readPath(withoutPrefix(url)).name;
    } catch {
      // A path that names no call can only meet a fault that is for all calls.
    }
    exchange.name = name;
    exchange.caller = await authenticate(request.headers, server).catch(() => undefined);
    const met = faults.meet(name, exchange.caller?.identity.user);
    return met === undefined ? undefined : answerFault(met.fault, met.ended, request);
  }

  async function answer(
    url: URL,
    request: IncomingMessage,
    body: string,
    exchange: Exchange,
    dropped: boolean,
  ) {
    const path = readPath(withoutPrefix(url));
    exchange.name = path.name;
    exchange.version = path.version ?? server.options.apiVersion;
    const endpoint = calls.get(path.name);
    const minVersion = endpoint?.minVersion ?? '1.0';
    if (endpoint === undefined || compareVersions(minVersion, exchange.version) > 0) {
      throw new ApiError(
        404,
        0,
        `Unable to find endpoint for name ${path.name} and version ${exchange.version}`,
      );
    }
    exchange.actualVersion = minVersion;
    const optional = endpoint.authorize === 'optional';
    if (!optional) exchange.caller ??= await authenticate(request.headers, server);
    const { caller } = exchange;
    const role = caller?.identity.role;
    if (role !== undefined && endpoint.roles !== undefined && !endpoint.roles.includes(role)) {
      throw apiError('role_not_allowed', undefined, { role, allowed: endpoint.roles });
    }
    const lines = request.headers['content-type'] === 'application/json-lines';
    const call: Call = {
      name: path.name,
      version: exchange.version,
      data: lines ? {} : readData(body, url.searchParams),
      batch: lines ? readBatch(body) : undefined,
      get caller() {
        if (caller === undefined) throw apiError('no_credentials');
        return caller;
      },
      authenticated: caller !== undefined,
      setCookie(value) {
        exchange.cookie = authCookie(value, server.options);
      },
    };
    if (dropped) return { updated: 1, fields: {} };
    return (await endpoint.handle(call, server)) ?? {};
  }
}

const SUCCESS = { code: 200, subcode: 0, message: 'OK', errorData: {} } as const;

/** Turns what is thrown into the envelope's words. */
async function settle(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError) {
      const { code, subcode, message, data: errorData } = error;
      return { code, subcode, message, errorData, data: {} };
    }
    return { code: 500, subcode: 0, message: String(error), errorData: {}, data: {} };
  }
}
