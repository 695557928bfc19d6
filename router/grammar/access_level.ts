/** Who may use an endpoint, from the fewest to the most. */
const LEVELS = ['owner', 'people', 'visible', 'authenticated', 'public'] as const;

/**
 * `owner`: the task's user. `people`: the owner, and those whom the owner named. `visible`: whoever may see the task in ClearML.
 * `authenticated`: whoever the server knows. `public`: anybody, of static routes alone.
 */
export type AccessLevel = (typeof LEVELS)[number];

/** The levels that an endpoint itself can have; a static route has more. */
export const ENDPOINT_LEVELS = ['owner', 'people', 'visible'] as const;
export type EndpointLevel = (typeof ENDPOINT_LEVELS)[number];

/** For whom an endpoint of a level is, in words for others than its owner. */
export const FOR_WHOM: Readonly<Record<EndpointLevel, string>> = {
  owner: 'its owner alone',
  people: 'its owner and those whom the owner named',
  visible: 'whoever may see the task in ClearML',
};

/** The level that lets in fewer. */
export function narrower<L extends AccessLevel>(one: L, other: L): L {
  return LEVELS.indexOf(one) <= LEVELS.indexOf(other) ? one : other;
}

/** What a task says of who may use its endpoint. */
export interface TaskWord {
  /** Undefined where it says nothing. */
  readonly access: EndpointLevel | undefined;
  /** The word, where it is no level and counts as `owner`. */
  readonly unknownAccess: string | undefined;
}

/**
 * Reads a task's `router_access`. A word that is no level is the narrowest: whoever wrote it wanted fewer, and nobody knows how
 * many.
 */
export function readTaskWord(text: string): TaskWord {
  if (text === '') return { access: undefined, unknownAccess: undefined };
  const access = ENDPOINT_LEVELS.find((level) => level === text);
  return access === undefined
    ? { access: 'owner', unknownAccess: text }
    : { access, unknownAccess: undefined };
}
