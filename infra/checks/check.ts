import { messageOf } from '../errors.ts';

/** What a check found. */
export type Finding =
  | { readonly outcome: 'good'; readonly says: string }
  | { readonly outcome: 'unsure' | 'bad'; readonly says: string; readonly fix: string };

/** All is as it should be. */
export function good(says: string): Finding {
  return { outcome: 'good', says };
}

/** It could not be told, or deserves a look: `fix` says what to look at. */
export function unsure(says: string, fix: string): Finding {
  return { outcome: 'unsure', says, fix };
}

/** Something is wrong, and `fix` mends it. */
export function bad(says: string, fix: string): Finding {
  return { outcome: 'bad', says, fix };
}

/** One question, and how it is answered. A check that throws is a bad finding with the error's message. */
export interface Check {
  readonly title: string;
  readonly find: () => Promise<Finding>;
}

/** For one question to ClearML or to the router. */
export const ANSWER_TIME_LIMIT_MS = 10_000;

const MARKS = { good: '✔', unsure: '•', bad: '✖' } as const;

const TIME_LIMIT_MS = 15_000;

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
    const says = `no answer within ${TIME_LIMIT_MS / 1000} seconds`;
    tooLate.resolve(bad(says, 'Look at the way there: firewall, proxy, DNS.'));
  }, TIME_LIMIT_MS);
  try {
    return await Promise.race([find(), tooLate.promise]);
  } catch (error) {
    return bad(messageOf(error), 'Mend this and run the command again.');
  } finally {
    clearTimeout(timer);
  }
}
