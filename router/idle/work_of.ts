import type { ClearMl } from '../clearml/clearml.ts';
import type { Endpoint } from '../routes/model/endpoint.ts';
import type { JupyterAsker } from './ask_jupyter.ts';

/** What a task did, by its own word and by ClearML's. */
export interface Work {
  /** Differs as soon as it did something. */
  readonly print: string;
  readonly busy: boolean;
}

/**
 * Asks ClearML, and a Jupyter behind its endpoints, where the task says how that is asked. Undefined for a task that does not run, or is
 * being stopped.
 */
export async function workOf(
  clearml: Pick<ClearMl, 'taskWork'>,
  jupyter: Pick<JupyterAsker, 'ask'>,
  taskId: string,
  endpoints: readonly Endpoint[],
): Promise<Work | undefined> {
  const reported = await clearml.taskWork(taskId);
  if (reported?.running !== true) return undefined;
  const { jupyterToken: token } = reported;
  const asked = await Promise.all(
    endpoints.map(async ({ http }) =>
      http?.state === 'open' && token !== undefined ? jupyter.ask(http, token) : undefined,
    ),
  );
  const told = asked.filter((one) => one !== undefined);
  return {
    print: JSON.stringify([reported.print, ...told.map(({ print }) => print)]),
    busy: told.some(({ busy }) => busy),
  };
}
