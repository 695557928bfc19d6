/** What a check found. */
export type Finding =
  | { readonly outcome: 'good'; readonly says: string }
  /** It could not be told, or deserves a look. */
  | { readonly outcome: 'unsure'; readonly says: string; readonly fix: string }
  | { readonly outcome: 'bad'; readonly says: string; readonly fix: string };

/** One question, and how it is answered. A check that throws is a bad finding with the error's message. */
export interface Check {
  readonly title: string;
  readonly find: () => Promise<Finding>;
}

const MARKS = { good: '✔', unsure: '•', bad: '✖' } as const;

/** Milliseconds that one check may take. */
const TIME_LIMIT = 15_000;

/**
 * Performs the checks in their order, and writes a line for each and a fix below each failure.
 *
 * @returns whether none was bad.
 */
export async function performChecks(
  checks: readonly Check[],
  write: (line: string) => void,
): Promise<boolean> {
  let isGood = true;
  for (const check of checks) {
    const finding = await within(check);
    write(`${MARKS[finding.outcome]} ${check.title}: ${finding.says}`);
    if (finding.outcome !== 'good') write(`    ${finding.fix}`);
    isGood &&= finding.outcome !== 'bad';
  }
  return isGood;
}

async function within({ find }: Check): Promise<Finding> {
  const tooLate = Promise.withResolvers<Finding>();
  const timer = setTimeout(() => {
    const says = `no answer within ${TIME_LIMIT / 1000} seconds`;
    tooLate.resolve({ outcome: 'bad', says, fix: 'Look at the way there: firewall, proxy, DNS.' });
  }, TIME_LIMIT);
  try {
    return await Promise.race([find(), tooLate.promise]);
  } catch (error) {
    return { outcome: 'bad', says: messageOf(error), fix: 'Mend this and run the command again.' };
  } finally {
    clearTimeout(timer);
  }
}

/** Message of an error with that of its cause, which is where `fetch` puts the reason. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  const [status = '', meaning = ''] = `${error.message}${cause}`.split('\n');
  return `${status} ${meaning}`.trim().slice(0, 300);
}
