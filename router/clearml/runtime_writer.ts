import * as z from 'zod';
import { RouterError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { escapedKey, isNested, storedPath, withoutPath } from './escaped_keys.ts';

/** One call of the API with the router's own login. */
export type Call = <S extends z.ZodType>(
  name: string,
  body: object,
  schema: S,
) => Promise<z.output<S>>;

const anything = z.unknown();
const wholeRuntime = z.object({
  tasks: z.array(
    z.object({ id: z.string(), runtime: z.record(z.string(), z.unknown()).nullish() }),
  ),
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

  /** What is read here may be written back as a whole, so it must be this very task's: another's holds another's secrets. */
  const readRuntime = async (task: string): Promise<Readonly<Record<string, unknown>>> => {
    const query = { id: [task], only_fields: ['id', 'runtime'], page: 0, page_size: 1 };
    const { tasks } = await call('tasks.get_all_ex', query, wholeRuntime);
    const found = tasks.find(({ id }) => id === task);
    if (found === undefined) {
      throw new RouterError(
        'CLEARML_ANSWER_INVALID',
        `ClearML answered tasks.get_all_ex without the task ${task} that it was asked for`,
      );
    }
    return found.runtime ?? {};
  };

  /** Read right before the edit: a write that falls between the two calls is lost, and nothing on such a server prevents it. */
  const rewrite = async (task: string, values: Readonly<Record<string, string>>): Promise<void> => {
    const strays = Object.keys(values).filter((key) => escapedKey(key) !== key);
    const kept = strays.map(storedPath).reduce(withoutPath, await readRuntime(task));
    const runtime = { ...kept, ...values };
    await call('tasks.edit', { task, runtime, force: true }, anything);
  };

  /** False where the server does not know the call. */
  const editKeys = async (
    task: string,
    values: Readonly<Record<string, string>>,
  ): Promise<boolean> => {
    if (now() < unknownUntil) return false;
    try {
      const body = { task, add_or_update: values, remove: [], force: true };
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

  /** Looks whether the server stored the keys under their own names; remembers what it saw. */
  const storedElsewhere = async (
    task: string,
    odd: readonly string[],
    values: Readonly<Record<string, string>>,
  ): Promise<boolean> => {
    const runtime = await readRuntime(task);
    const verdict = odd.some((key) => runtime[key] !== values[key]);
    escapes = { verdict, until: now() + REMEMBER_MS };
    if (verdict) {
      log.info(
        { event: 'edit_runtime_escapes' },
        'The server stores keys of named endpoints under other names; they are written with tasks.edit',
      );
    }
    return verdict;
  };

  return async (task: string, values: Readonly<Record<string, string>>): Promise<void> => {
    const odd = Object.keys(values).filter((key) => escapedKey(key) !== key);
    const known = escapes !== undefined && now() < escapes.until ? escapes.verdict : undefined;
    // Two nested keys of one edit can stand in each other's way, which the server answers with an error: no way to find out.
    const elsewhere = known ?? odd.some(isNested);
    if (odd.length > 0 && elsewhere) return rewrite(task, values);
    if (!(await editKeys(task, values))) return rewrite(task, values);
    if (odd.length > 0 && known === undefined && (await storedElsewhere(task, odd, values))) {
      return rewrite(task, values);
    }
    return undefined;
  };
}
