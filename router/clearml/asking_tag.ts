import * as z from 'zod';
import { createTaskReader, type Call } from './own_task.ts';

/** Marks tasks that ask for access. */
export const ASKING_TAG = 'external_service';

const anything = z.unknown();
const tagged = z.object({ id: z.string(), system_tags: z.array(z.string()).nullish() });

/**
 * Sets and takes away the tag of tasks that ask. The server knows no edit of one tag, so they are read right before all of them are
 * written: a tag that another sets between the two calls is lost.
 */
export function createTagWriter(call: Call) {
  const read = createTaskReader(call, tagged);
  return async (task: string, asks: boolean): Promise<void> => {
    const tags = (await read(task)).system_tags ?? [];
    if (tags.includes(ASKING_TAG) === asks) return;
    const others = tags.filter((tag) => tag !== ASKING_TAG);
    const system_tags = asks ? [...others, ASKING_TAG] : others;
    await call('tasks.edit', { task, system_tags, force: true }, anything);
  };
}
