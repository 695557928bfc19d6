/** The rules of the access matrix, as a table: what must come out, written down apart from the code that decides it. */

export const USERS = ['owner', 'colleague', 'administrator', 'outsider', 'nobody'] as const;
export type User = (typeof USERS)[number];

/** `unknown` and `ended` are not routed; ClearML still shows an ended task to those who may see it. */
export const TASKS = ['own', 'shared', 'foreign', 'unknown', 'ended'] as const;
export type Task = (typeof TASKS)[number];

export const FORMS = ['path', 'wildcard', 'static'] as const;
export type Form = (typeof FORMS)[number];

export const PROTOCOLS = ['http', 'websocket', 'tunnel'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export const KINDS = ['cookie', 'bearer', 'session', 'endpoint-token'] as const;
export type Kind = (typeof KINDS)[number];

/** Ways in which a token of ClearML's is not one (A20 to A22). */
export const TOKEN_FORGERIES = [
  'alg none',
  'HS512',
  'another secret',
  'foreign key in the header',
  'no exp',
  'not valid yet',
  'another tenant',
  'another auth_type',
  'padded',
  'quoted',
  'changed claims',
] as const;
/** Ways in which what the router seals is not its own, or not for this place. */
export const SEAL_FORGERIES = [
  'sealed by another',
  'of another place',
  'of another purpose',
] as const;

export type State =
  | 'good'
  | 'expired'
  | 'revoked'
  | (typeof TOKEN_FORGERIES)[number]
  | (typeof SEAL_FORGERIES)[number];

export function statesOf(kind: Kind): readonly State[] {
  const forged = kind === 'cookie' || kind === 'bearer' ? TOKEN_FORGERIES : SEAL_FORGERIES;
  return ['good', 'expired', 'revoked', ...forged];
}

/** What ClearML shows to whom. An outsider belongs to another company, whose tokens the router does not take at all. */
export const SEES: Readonly<Record<User, readonly Task[]>> = {
  owner: ['own', 'shared', 'ended'],
  colleague: ['shared'],
  administrator: ['own', 'shared', 'foreign', 'ended'],
  outsider: [],
  nobody: [],
};

const ROUTED: readonly Task[] = ['own', 'shared', 'foreign'];

/** The exact answer of a cell. */
export function expected(user: User, task: Task, state: State, protocol: Protocol): number {
  if (user === 'nobody' || user === 'outsider' || state !== 'good') return 401;
  if (!SEES[user].includes(task) || !ROUTED.includes(task)) return 404;
  return protocol === 'http' ? 200 : 101;
}
