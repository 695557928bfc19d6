import * as z from 'zod';
import type { MigrationRecord } from './routes/claims/migrate.ts';
import { SECTION_BYTES } from './state/section_bytes.ts';
import type { SectionShape, SharedState } from './state/shared_state.ts';

const STAMPED: SectionShape<boolean> = {
  name: 'answers-stamped',
  schema: z.boolean(),
  empty: false,
  mostBytes: SECTION_BYTES['answers-stamped'],
};

/** Keeps beside what else the replicas share that the answers in tasks have been stamped once. */
export function keepStamped(state: SharedState): MigrationRecord {
  const section = state.section(STAMPED);
  return {
    done: section.read,
    mark: async () => {
      await section.update((done) => (done ? undefined : true));
    },
  };
}
