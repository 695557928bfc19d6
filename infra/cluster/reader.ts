import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';

import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';

/** For one question. */
const TIME_LIMIT_MS = 10_000;
/** Entries of one page, and pages of one list: more Services than this no cluster has. */
const PAGE_SIZE = 500;
const MOST_PAGES = 40;

/** Reads objects of a cluster by their path: what is asked for is not always of a kind that the official client knows. */
export interface ClusterReader {
  /**
   * The object at a path such as `/api/v1/namespaces/a/secrets/b`; undefined where there is none, or no such API.
   *
   * @throws Error with the API server's own words when it refuses or does not answer.
   */
  readonly read: (path: string) => Promise<unknown>;
  /** All entries of the list at a path. */
  readonly list: (path: string) => Promise<readonly unknown[]>;
  /**
   * Asks for an object to be made.
   *
   * @throws Error as `read`, also where there is no such API.
   */
  readonly create: (path: string, object: object) => Promise<unknown>;
}

const statusMessage = z.looseObject({ message: z.string() });
const page = z.looseObject({
  metadata: z.looseObject({ continue: z.string().optional() }).optional(),
  items: z.array(z.unknown()),
});

/** Reads by the current context of a kubeconfig, with its credentials. */
export function clusterReader(cluster: KubeConfig): ClusterReader {
  const ask = async (path: string, object?: object) => {
    const url = new URL(`${cluster.getCurrentCluster()?.server.replace(/\/$/, '') ?? ''}${path}`);
    const options: RequestOptions = { signal: AbortSignal.timeout(TIME_LIMIT_MS) };
    await cluster.applyToHTTPSOptions(options);
    const answer = await send(url, options, object);
    return { status: answer.statusCode ?? 0, body: parsed(await text(answer)) };
  };
  const read = async (path: string): Promise<unknown> => {
    const answer = await ask(path);
    return answer.status === 404 ? undefined : accepted(answer);
  };
  return {
    read,
    create: async (path, object) => accepted(await ask(path, object)),
    list: async (path) => {
      const items: unknown[] = [];
      let next = '';
      for (let count = 0; count < MOST_PAGES; count += 1) {
        const query = `limit=${PAGE_SIZE}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
        const { items: more, metadata } = page.parse(
          (await read(`${path}?${query}`)) ?? { items: [] },
        );
        items.push(...more);
        next = metadata?.continue ?? '';
        if (next === '') break;
      }
      return items;
    },
  };
}

/** The body of an answer that says yes. */
function accepted({ body, status }: { readonly body: unknown; readonly status: number }): unknown {
  const isObject = typeof body === 'object' && body !== null;
  if ((status === 200 || status === 201) && isObject) return body;
  const said = statusMessage.safeParse(body).data?.message ?? 'no answer of a Kubernetes API';
  throw new Error(`${status} ${said}`);
}

function send(url: URL, options: RequestOptions, object?: object): Promise<IncomingMessage> {
  const method = object === undefined ? 'GET' : 'POST';
  const type = object === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { ...(options.headers as OutgoingHttpHeaders | undefined), ...type };
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, { ...options, method, headers }, resolve)
        : httpRequest(url, { method, headers, signal: options.signal }, resolve);
    request.on('error', reject);
    request.end(object === undefined ? undefined : JSON.stringify(object));
  });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
