import { request } from 'node:https';
import type { RequestOptions } from 'node:https';

import type { KubeConfig } from '@kubernetes/client-node';
import { z } from 'zod';

import type { Manifest } from './manifest.ts';
import type { JsonObject } from './property_values.ts';

/** The API server's refusal, with its own words. */
export class ApiServerError extends Error {
  override readonly name = 'ApiServerError';
  /** HTTP status of the answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const refusal = z.looseObject({ message: z.string() });

const resourceList = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

interface Resource {
  readonly plural: string;
  readonly namespaced: boolean;
}

/**
 * The REST side of a cluster, for objects of any kind as they are: a typed client renames fields (`from`, `continue`) and
 * drops those that it does not know.
 */
export class ApiServer {
  readonly #config: KubeConfig;
  readonly #resources = new Map<string, Resource>();

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  /** Namespace of objects that name none. */
  get defaultNamespace(): string {
    const context = this.#config.getContextObject(this.#config.getCurrentContext());
    return context?.namespace ?? 'default';
  }

  async #send(
    method: string,
    path: string,
    body?: string,
    contentType?: string,
  ): Promise<JsonObject> {
    const cluster = this.#config.getCurrentCluster();
    if (cluster === null) {
      throw new Error('the kubeconfig names no cluster: its current context is missing');
    }
    const options: RequestOptions = {
      method,
      headers: {
        accept: 'application/json',
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
      },
    };
    await this.#config.applyToHTTPSOptions(options);
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, cluster.server), options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const status = answer.statusCode ?? 0;
          try {
            const parsed = JSON.parse(text) as JsonObject;
            if (status < 300) resolve(parsed);
            else reject(new ApiServerError(status, refusal.parse(parsed).message));
          } catch {
            reject(new ApiServerError(status, text.slice(0, 300) || `HTTP status ${status}`));
          }
        });
      });
      outgoing.on('error', (error) => {
        reject(new Error(`${cluster.server} does not answer: ${error.message}`, { cause: error }));
      });
      outgoing.end(body);
    });
  }

  /** Where a kind lives; undefined where the cluster does not know it (yet). */
  async #resource(apiVersion: string, kind: string): Promise<Resource | undefined> {
    const key = `${apiVersion}/${kind}`;
    const known = this.#resources.get(key);
    if (known !== undefined) return known;
    const path = groupPath(apiVersion);
    const answer = await this.#send('GET', path).catch((error: unknown) => {
      if (error instanceof ApiServerError && error.status === 404) return { resources: [] };
      throw error;
    });
    for (const { name, kind, namespaced } of resourceList.parse(answer).resources) {
      if (!name.includes('/')) {
        this.#resources.set(`${apiVersion}/${kind}`, { plural: name, namespaced });
      }
    }
    return this.#resources.get(key);
  }

  /** True where objects of this kind belong to a namespace; undefined where the cluster does not know the kind. */
  async isNamespaced(object: Manifest): Promise<boolean | undefined> {
    return (await this.#resource(object.apiVersion, object.kind))?.namespaced;
  }

  async #path(object: Manifest): Promise<string> {
    const { apiVersion, kind, metadata } = object;
    const resource = await this.#resource(apiVersion, kind);
    if (resource === undefined) {
      throw new ApiServerError(
        404,
        `the cluster knows no ${kind} of ${apiVersion}; is its custom resource definition missing?`,
      );
    }
    const namespace = resource.namespaced
      ? `/namespaces/${metadata.namespace ?? this.defaultNamespace}`
      : '';
    return `${groupPath(apiVersion)}${namespace}/${resource.plural}/${metadata.name ?? ''}`;
  }

  /** The live object, or undefined where there is none. */
  async read(object: Manifest): Promise<JsonObject | undefined> {
    try {
      return await this.#send('GET', await this.#path(object));
    } catch (error) {
      if (error instanceof ApiServerError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Server-side apply: creates or updates, and refuses fields that the kind does not have. */
  async apply(
    object: Manifest,
    options: { manager: string; force: boolean; dryRun: boolean },
  ): Promise<JsonObject> {
    const query = new URLSearchParams({
      fieldManager: options.manager,
      fieldValidation: 'Strict',
      force: String(options.force),
      ...(options.dryRun ? { dryRun: 'All' } : {}),
    });
    const path = `${await this.#path(object)}?${query.toString()}`;
    return this.#send('PATCH', path, JSON.stringify(object), 'application/apply-patch+yaml');
  }

  /** Asks for the object's end, dependents first; what is gone already is no error. */
  async delete(object: Manifest): Promise<void> {
    const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' };
    try {
      await this.#send(
        'DELETE',
        await this.#path(object),
        JSON.stringify(options),
        'application/json',
      );
    } catch (error) {
      if (!(error instanceof ApiServerError && error.status === 404)) throw error;
    }
  }

  /** Pods of a namespace that carry all of `labels`. */
  async pods(namespace: string, labels: Readonly<Record<string, string>>): Promise<JsonObject> {
    const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const query = new URLSearchParams({ labelSelector: selector.join(',') });
    return this.#send('GET', `/api/v1/namespaces/${namespace}/pods?${query.toString()}`);
  }
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}
