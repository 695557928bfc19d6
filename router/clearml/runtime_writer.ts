import * as z from 'zod';
import { RouterError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { escapedKey, isNested, storedPath, withoutPath } from './escaped_keys.ts';
import { createTaskReader, type Call } from './own_task.ts';

const anything = z.unknown();
const wholeRuntime = z.object({
  id: z.string(),
  runtime: z.record(z.string(), z.unknown()).nullish(),
});

/** What was found out about the server is found out again after this time: it may have been upgraded. */
const REMEMBER_MS = 600_000;

/**
 * Changes keys of a task's runtime in the best way that the server offers: single keys with `tasks.edit_runtime` (API 2.34 and
 * later); else, and for keys that the server would store under another name, the whole dictionary with `tasks.edit`.
 */
export function createRuntimeWriter(call: Call, log: Log, now: () => number) {
  let unknownUntil = 0;
  let escapes: { readonly verdict: boolean; readonly until: number } | undefined;

  const read = createTaskReader(call, wholeRuntime);
  const readRuntime = async (task: string): Promise<Readonly<Record<string, unknown>>> =>
    (await read(task)).runtime ?? {};

  /** Read right before the edit: a write that falls between the two calls is lost, and nothing on such a server prevents it. */
  const rewrite = async (
    task: string,
    values: Readonly<Record<string, string>>,
    removed: readonly string[],
  ): Promise<void> => {
    const strays = [...Object.keys(values), ...removed].filter((key) => escapedKey(key) !== key);
    const gone = [...strays.map(storedPath), ...removed.map((key) => [key])];
    const runtime = { ...gone.reduce(withoutPath, await readRuntime(task)), ...values };
    await call('tasks.edit', { task, runtime, force: true }, anything);
  };

  /** False where the server does not know the call. */
  const editKeys = async (
    task: string,
    values: Readonly<Record<string, string>>,
    remove: readonly string[],
  ): Promise<boolean> => {
    if (now() < unknownUntil) return false;
    try {
      const body = { task, add_or_update: values, remove, force: true };
      await call('tasks.edit_runtime', body, anything);
      return true;
    } catch (error) {
      if (!(error instanceof RouterError) || error.code !== 'CLEARML_CALL_UNKNOWN') throw error;
      unknownUntil = now() + REMEMBER_MS;
      log.info(
        { event: 'edit_runtime_unknown' },
        'The server does not know tasks.edit_runtime; answers are written with tasks.edit',
      );
      return false;
    }
  };

  /**
   * Looks whether the server knows the keys under their own names: what was set stands there, and what was removed does not. Remembers
   * what that proves; that a key is not there does not prove that it was.
   */
  const storedElsewhere = async (
    task: string,
    odd: readonly string[],
    values: Readonly<Record<string, string>>,
  ): Promise<boolean> => {
    const runtime = await readRuntime(task);
    const verdict = odd.some((key) => runtime[key] !== values[key]);
    const proven = verdict || odd.some((key) => Object.hasOwn(values, key));
    if (proven) escapes = { verdict, until: now() + REMEMBER_MS };
    if (verdict) {
      log.info(
        { event: 'edit_runtime_escapes' },
        'The server stores keys of named endpoints under other names; they are written with tasks.edit',
      );
    }
    return verdict;
  };

  return async (
    task: string,
    values: Readonly<Record<string, string>>,
    remove: readonly string[] = [],
  ): Promise<void> => {
    const removed = remove.filter((key) => !Object.hasOwn(values, key));
    const odd = [...Object.keys(values), ...removed].filter((key) => escapedKey(key) !== key);
    const known = escapes !== undefined && now() < escapes.until ? escapes.verdict : undefined;
    // Two nested keys of one edit can stand in each other's way, which the server answers with an error: no way to find out.
    const elsewhere = known ?? odd.some(isNested);
    if (odd.length > 0 && elsewhere) return rewrite(task, values, removed);
    if (!(await editKeys(task, values, removed))) return rewrite(task, values, removed);
    if (odd.length > 0 && known === undefined && (await storedElsewhere(task, odd, values))) {
      return rewrite(task, values, removed);
    }
    return undefined;
  };
}
