import { request as httpRequest, type IncomingMessage } from 'node:http';
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
}

const statusMessage = z.looseObject({ message: z.string() });
const page = z.looseObject({
  metadata: z.looseObject({ continue: z.string().optional() }).optional(),
  items: z.array(z.unknown()),
});

/** Reads by the current context of a kubeconfig, with its credentials. */
export function clusterReader(cluster: KubeConfig): ClusterReader {
  const read = async (path: string): Promise<unknown> => {
    const url = new URL(`${cluster.getCurrentCluster()?.server.replace(/\/$/, '') ?? ''}${path}`);
    const options: RequestOptions = { signal: AbortSignal.timeout(TIME_LIMIT_MS) };
    await cluster.applyToHTTPSOptions(options);
    const answer = await send(url, options);
    const body = parsed(await text(answer));
    if (answer.statusCode === 200) return body;
    if (answer.statusCode === 404) return undefined;
    const said = statusMessage.safeParse(body).data?.message ?? 'no answer of a Kubernetes API';
    throw new Error(`${answer.statusCode ?? 0} ${said}`);
  };
  return {
    read,
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

function send(url: URL, options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, options, resolve)
        : httpRequest(url, { headers: options.headers, signal: options.signal }, resolve);
    request.on('error', reject);
    request.end();
  });
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
