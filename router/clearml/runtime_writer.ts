import * as z from 'zod';
import { RouterError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';

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

/** What was found out about the server is found out again after this time: it may have been upgraded. Milliseconds. */
const REMEMBER = 600_000;

/**
 * How the open-source server 2.3 stores a key that came by `tasks.edit_runtime`. It escapes it as a database key and never turns it
 * back, so that `endpoint__x` reads as `endpoint%_%_x` from then on.
 */
export function escapedKey(key: string): string {
  const escaped = key
    .replaceAll('%', '%%')
    .replaceAll('.', '%2E')
    .replaceAll('$', '%24')
    .replaceAll('__', '%_%_');
  return escaped.startsWith('_') ? `%_${escaped.slice(1)}` : escaped;
}

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
    const strays = new Set(Object.keys(values).map(escapedKey));
    const kept = Object.entries(await readRuntime(task)).filter(([key]) => !strays.has(key));
    const runtime = { ...Object.fromEntries(kept), ...values };
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
      unknownUntil = now() + REMEMBER;
      log.info(
        { event: 'edit_runtime_unknown' },
        'The server does not know tasks.edit_runtime; answers are written with tasks.edit',
      );
      return false;
    }
  };

  /** Looks whether the server stored the keys under their own names; remembers what it saw. */
  const storedEscaped = async (task: string, odd: readonly string[]): Promise<boolean> => {
    const runtime = await readRuntime(task);
    const verdict = odd.some((key) => escapedKey(key) in runtime);
    if (verdict || odd.every((key) => key in runtime)) {
      escapes = { verdict, until: now() + REMEMBER };
    }
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
    if (odd.length > 0 && known === true) return rewrite(task, values);
    if (!(await editKeys(task, values))) return rewrite(task, values);
    if (odd.length > 0 && known === undefined && (await storedEscaped(task, odd))) {
      return rewrite(task, values);
    }
    return undefined;
  };
}
