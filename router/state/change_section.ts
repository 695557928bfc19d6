import { RouterError } from '../errors.ts';
import type { Section } from './shared_state.ts';

/** What became of a change: `full` where the section would hold too much, `unavailable` where the state could not be read or written. */
export type ChangeOutcome = 'written' | 'unchanged' | 'full' | 'unavailable';

/** Does what `Section.update` does, and tells what became of it where that throws. */
export async function changeSection<T>(
  section: Pick<Section<T>, 'update'>,
  change: (now: T) => T | undefined,
): Promise<ChangeOutcome> {
  let changed = false;
  try {
    await section.update((now) => {
      const after = change(now);
      changed = after !== undefined;
      return after;
    });
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    return error.code === 'STATE_FULL' ? 'full' : 'unavailable';
  }
  return changed ? 'written' : 'unchanged';
}
