import * as z from 'zod';
import { RouterError } from '../errors.ts';

/** One call of the API with the router's own login. */
export type Call = <S extends z.ZodType>(
  name: string,
  body: object,
  schema: S,
) => Promise<z.output<S>>;

/**
 * Reads what `row` names of one task. What is read may be written back as a whole, so it must be this very task's: another's holds
 * another's secrets.
 */
export function createTaskReader<S extends z.ZodType<{ readonly id: string }> & z.ZodObject>(
  call: Call,
  row: S,
): (task: string) => Promise<z.output<S>> {
  const page = z.object({ tasks: z.array(row) });
  const only_fields = Object.keys(row.shape);
  return async (task) => {
    const query = { id: [task], only_fields, page: 0, page_size: 1 };
    const { tasks } = await call('tasks.get_all_ex', query, page);
    const found = tasks.find(({ id }) => id === task);
    if (found === undefined) {
      throw new RouterError(
        'CLEARML_ANSWER_INVALID',
        `ClearML answered tasks.get_all_ex without the task ${task} that it was asked for`,
      );
    }
    return found;
  };
}
