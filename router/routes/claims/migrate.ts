/** Where it is kept, for all replicas and for ever, that answers have been stamped: the cluster's object, or STATE_FILE. */
export interface MigrationRecord {
  readonly done: () => Promise<boolean>;
  readonly mark: () => Promise<void>;
}

/** Tasks that take no answer must not keep it open for longer. */
const LONGEST_MS = 60_000;

/**
 * How far it has come. `stampingSince`: this leader has read the unstamped answers and stamps them. `shown`: a valid stamp proves that
 * this was done before, but no record of it could be read or written, and the stamp may be gone at the next start.
 */
type Progress = 'to do' | { readonly stampingSince: number } | 'shown' | 'kept';

/**
 * Answers of version 0.2 have no stamp. The first leader takes them as that version did, stamps what comes of it, and says so where
 * every replica reads it; from then on what has no stamp says nothing.
 */
export function createStampMigration(record: MigrationRecord | undefined) {
  let progress: Progress = 'to do';
  let problem: string | undefined;

  const find = async (anyStamp: () => boolean): Promise<'shown' | 'kept' | undefined> => {
    try {
      if (record !== undefined) return (await record.done()) ? 'kept' : undefined;
    } catch (error) {
      problem = `it cannot be read whether answers have been stamped: ${(error as Error).message}`;
    }
    return anyStamp() ? 'shown' : undefined;
  };

  return {
    /**
     * Whether answers without a stamp are still taken as true in this look.
     *
     * @param anyStamp whether a valid stamp stands in any task: where nothing is kept, it shows that this has been done.
     */
    trusts: async (leading: boolean, anyStamp: () => boolean): Promise<boolean> => {
      if (progress === 'shown' || progress === 'kept') return false;
      problem = undefined;
      // What this leader took in its first look is in its own memory by now.
      if (leading && progress !== 'to do') return false;
      const found = await find(anyStamp);
      if (found !== undefined) progress = found;
      else if (leading) progress = { stampingSince: performance.now() };
      return found === undefined;
    },
    /** The leader has looked and written. */
    stamped: async (everything: boolean): Promise<void> => {
      if (progress === 'to do' || progress === 'kept') return;
      const waits = progress !== 'shown' && performance.now() - progress.stampingSince < LONGEST_MS;
      if (waits && !everything) return;
      try {
        await record?.mark();
        progress = 'kept';
        problem = undefined;
      } catch (error) {
        problem = `it cannot be kept that answers have been stamped: ${(error as Error).message}`;
      }
    },
    problems: (): readonly string[] => (problem === undefined ? [] : [problem]),
  };
}
