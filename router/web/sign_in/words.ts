import { LONGEST_TOKEN } from '../../auth/identity/token_grammar.ts';

/** Ways in which a sign-in ends without a session. */
export type SignInFailure =
  'incomplete' | 'refused' | 'not-accepted' | 'too-long' | 'unavailable' | 'limited';

/** What a person, or a program by its code, is told. */
interface FailureWords {
  readonly status: number;
  readonly code: string;
  readonly words: string;
}

export const FAILURES: Readonly<Record<SignInFailure, FailureWords>> = {
  incomplete: {
    status: 400,
    code: 'incomplete',
    words: 'Fill in both fields: the access key and the secret key.',
  },
  refused: {
    status: 401,
    code: 'refused',
    words: 'ClearML does not know this pair of keys. Check both, or make a new pair in ClearML.',
  },
  'not-accepted': {
    status: 403,
    code: 'not-accepted',
    words:
      'ClearML knows these keys, but they do not open anything here: they belong to another workspace, or the router is not set up for this ClearML server. Ask whoever runs the router.',
  },
  'too-long': {
    status: 403,
    code: 'token-too-long',
    words: `ClearML knows these keys, but its token for you has more than ${LONGEST_TOKEN} characters: cookies cannot carry it. Ask whoever runs ClearML for shorter tokens.`,
  },
  unavailable: {
    status: 503,
    code: 'clearml-unavailable',
    words: 'ClearML does not answer at the moment. Your keys were not checked; try again soon.',
  },
  limited: {
    status: 429,
    code: 'rate-limited',
    words: 'Too many attempts. Wait a little before the next one.',
  },
};

const PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['token-expired', 'Your session has ended. Sign in again.'],
  ['token-revoked', 'ClearML no longer accepts your session. Sign in again.'],
  [
    'token-invalid',
    'Your browser sent a ClearML session that does not hold here: it may belong to another ClearML server. Sign in with an access key instead.',
  ],
]);

/** The sentence for the reason that the gate gave; undefined for none, and for whatever else stands in a URL. */
export function problemOf(reason: string | null): string | undefined {
  return reason === null ? undefined : PROBLEMS.get(reason);
}
