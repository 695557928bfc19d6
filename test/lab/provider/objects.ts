import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { ApiServerError, type ApiServer } from './api_server.ts';
import {
  annotation,
  asProperties,
  PATCH_FORCE,
  resourceId,
  SKIP_AWAIT,
  TIMEOUT_SECONDS,
  type Manifest,
} from './manifest.ts';
import { hasUnknown, type JsonObject } from './property_values.ts';
import { judgeOf } from './await/judge.ts';
import { podTroubles } from './await/readiness.ts';

const FIELD_MANAGER = 'pulumi-kubernetes-stand-in';
const DEFAULT_TIMEOUT_SECONDS = 600;
const LOOK_INTERVAL_MS = 300;

/** An object that exists but did not become ready: the engine keeps it, and says why. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  /** The object as it stands. */
  readonly object: JsonObject;

  constructor(message: string, object: JsonObject) {
    super(message);
    this.object = object;
  }
}

/** How one operation goes: its time limit, its end by force, and where progress is told. */
export interface Operation {
  /** From `customTimeouts`; 0 means the default. */
  readonly timeoutSeconds: number;
  readonly cancelled: AbortSignal;
  readonly tell: (progress: string) => void;
}

function skipsAwait(object: Manifest): boolean {
  return annotation(object, SKIP_AWAIT) === 'true';
}

function timeLimit(object: Manifest, operation: Operation): number {
  const annotated = Number(annotation(object, TIMEOUT_SECONDS));
  const seconds =
    operation.timeoutSeconds || (annotated > 0 ? annotated : 0) || DEFAULT_TIMEOUT_SECONDS;
  return Date.now() + seconds * 1000;
}

const rollout = z.object({
  spec: z.object({
    selector: z.object({ matchLabels: z.record(z.string(), z.string()).default({}) }),
  }),
});

async function troubles(api: ApiServer, object: Manifest): Promise<string> {
  if (object.kind !== 'Deployment') return '';
  const { namespace = api.defaultNamespace, name = '' } = object.metadata;
  const labels = rollout.parse(object).spec.selector.matchLabels;
  const lines = podTroubles(await api.pods(namespace, labels));
  return [
    ...lines.map((line) => `\n  ${line}`),
    `\n  Look at: kubectl -n ${namespace} describe deployment,pods; `,
    `kubectl -n ${namespace} logs deployment/${name}`,
  ].join('');
}

async function becomeReady(
  api: ApiServer,
  object: Manifest,
  applied: JsonObject,
  operation: Operation,
): Promise<JsonObject> {
  if (skipsAwait(object)) return applied;
  const deadline = timeLimit(object, operation);
  const judge = judgeOf(object, (other) => api.read(other));
  let live = applied;
  let told = '';
  for (;;) {
    const judged = await judge(live);
    if (judged.state === 'ready') return live;
    if (Date.now() > deadline || operation.cancelled.aborted) {
      const what = operation.cancelled.aborted ? 'cancelled' : 'timed out';
      const more = operation.cancelled.aborted ? '' : await troubles(api, object);
      throw new NotReadyError(
        `${object.kind} ${resourceId(object)}: waiting for it ${what}: ${judged.reason}${more}`,
        live,
      );
    }
    if (judged.reason !== told) operation.tell(`waiting: ${judged.reason}`);
    told = judged.reason;
    await sleep(LOOK_INTERVAL_MS);
    const found = await api.read(object);
    if (found === undefined) {
      throw new Error(`${object.kind} ${resourceId(object)} was deleted by someone else meanwhile`);
    }
    live = found;
  }
}

async function apply(api: ApiServer, object: Manifest, dryRun: boolean): Promise<JsonObject> {
  const force = annotation(object, PATCH_FORCE) === 'true';
  try {
    return await api.apply(object, { manager: FIELD_MANAGER, force, dryRun });
  } catch (error) {
    if (!(error instanceof ApiServerError)) throw error;
    const hint =
      error.status === 409
        ? ' Another manager owns these fields; to take them over, set the annotation ' +
          `"${PATCH_FORCE}": "true".`
        : '';
    throw new ApiServerError(
      error.status,
      `${object.kind} ${resourceId(object)}: ${error.message}${hint}`,
    );
  }
}

/** Creates an object that must not exist yet, and waits until it is ready. */
export async function createObject(
  api: ApiServer,
  object: Manifest,
  operation: Operation,
): Promise<JsonObject> {
  if ((await api.read(object)) !== undefined) {
    throw new Error(
      `${object.kind} ${resourceId(object)} already exists; import it into the stack, ` +
        'or choose another name',
    );
  }
  return becomeReady(api, object, await apply(api, object, false), operation);
}

/** Brings an object to its new form, and waits until it is ready. */
export async function updateObject(
  api: ApiServer,
  object: Manifest,
  operation: Operation,
): Promise<JsonObject> {
  return becomeReady(api, object, await apply(api, object, false), operation);
}

/** What the server would make of the object; the object itself where that cannot be known yet. */
export async function previewObject(api: ApiServer, object: Manifest): Promise<JsonObject> {
  const properties = asProperties(object);
  if (hasUnknown(properties)) return properties;
  try {
    return await apply(api, object, true);
  } catch (error) {
    // Its namespace or custom resource definition may be made by the same run.
    if (error instanceof ApiServerError && error.status === 404) return properties;
    throw error;
  }
}

/** Deletes an object and waits until it is gone. */
export async function deleteObject(
  api: ApiServer,
  object: Manifest,
  operation: Operation,
): Promise<void> {
  await api.delete(object);
  if (skipsAwait(object)) return;
  const deadline = timeLimit(object, operation);
  while ((await api.read(object)) !== undefined) {
    if (Date.now() > deadline || operation.cancelled.aborted) {
      throw new Error(
        `${object.kind} ${resourceId(object)} is still being deleted; something holds it back: ` +
          'look at its metadata.finalizers',
      );
    }
    await sleep(LOOK_INTERVAL_MS);
  }
}
