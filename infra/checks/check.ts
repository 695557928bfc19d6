import { keyOfSetting } from '../config/decisions/router_settings.ts';
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

/** What Node says of a host that cannot be found or connected to. */
const NO_WAY = /getaddrinfo \w+ \S+|connect E\w+ \S+/;

/**
 * Performs the checks in their order, and writes a line for each and a fix below each failure. A host that cannot be reached is told of
 * once, at the first check that needs it.
 *
 * @returns whether none was bad.
 */
export async function performChecks(
  checks: readonly Check[],
  write: (line: string) => void,
): Promise<boolean> {
  let isGood = true;
  const told = new Map<string, string>();
  for (const check of checks) {
    const found = await within(check);
    const [noWay] = NO_WAY.exec(found.outcome === 'bad' ? found.says : '') ?? [];
    const before = noWay === undefined ? undefined : told.get(noWay);
    if (noWay !== undefined && before === undefined) told.set(noWay, check.title);
    const finding = before === undefined ? found : unsure('not looked at', `See ${before}.`);
    write(`${MARKS[finding.outcome]} ${check.title}: ${inKeys(finding.says)}`);
    if (finding.outcome !== 'good') write(`    ${inKeys(finding.fix)}`);
    isGood &&= finding.outcome !== 'bad';
  }
  return isGood;
}

/** The router and its client name settings of the router process; whoever reads a check has keys of the stack instead. */
export function inKeys(text: string): string {
  return text.replaceAll(/[A-Z]+(?:_[A-Z]+)+/g, (name) => keyOfSetting(name) ?? name);
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
    const says = messageOf(error);
    const [, host] = /getaddrinfo \w+ (\S+)/.exec(says) ?? [];
    return bad(
      says,
      host === undefined
        ? 'Mend this and run the command again.'
        : `Make a DNS entry for ${host}, or look at the resolver of this machine.`,
    );
  } finally {
    clearTimeout(timer);
  }
}
