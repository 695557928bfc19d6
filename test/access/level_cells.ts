import type { AccessLevel, EndpointLevel } from '../../router/grammar/access_level.ts';
import type { Form, Protocol } from './cells.ts';

/**
 * Who somebody is to the owner of an endpoint. `named` is whom the owner named, and the operator in static routes for people; `link` is a
 * user whom a link let in; `guest` comes by one without an account.
 */
export const RELATIONS = [
  'owner',
  'named',
  'link',
  'colleague',
  'administrator',
  'outsider',
  'nobody',
  'guest',
] as const;
export type Relation = (typeof RELATIONS)[number];

/** Whether a ClearML server shows every task to everybody, as the open-source one does, or to owner and administrators alone. */
export const CHARACTERS = ['shows all', 'keeps apart'] as const;
export type Character = (typeof CHARACTERS)[number];

/** What a task says by its `router_access`. */
export const WORDS = [undefined, 'owner', 'people', 'visible'] as const;
export type Word = EndpointLevel | undefined;

/** Beside whom the owner named: nobody, or everybody who may see the task. */
export const GIFTS = ['nobody', 'everybody'] as const;
export type Gift = (typeof GIFTS)[number];

export const DEFAULTS = ['owner', 'people', 'visible'] as const;
export const ROUTE_LEVELS = ['people', 'visible', 'authenticated', 'public'] as const;

/** One endpoint of the owner's, and what leads to it. */
export interface LevelCell {
  readonly character: Character;
  readonly byDefault: EndpointLevel;
  readonly word: Word;
  readonly gift: Gift;
  /** Of the static route; undefined for the other forms. The owner is no judge of those: what they gave does not count. */
  readonly route: Exclude<AccessLevel, 'owner'> | undefined;
}

/** Who gets in besides owner and administrators, by the default level and the task's word, and by what the owner gave. */
const OTHERS: Readonly<Record<EndpointLevel, Readonly<Record<Gift, string>>>> = {
  owner: { nobody: 'named link', everybody: 'named link colleague' },
  people: { nobody: 'named link', everybody: 'named link colleague' },
  visible: { nobody: 'named link colleague', everybody: 'named link colleague' },
};

/** The same by a static route, whatever the default is and whatever the owner gave to everybody. */
const ROUTES: Readonly<
  Record<NonNullable<LevelCell['route']>, Readonly<Record<EndpointLevel | 'silent', string>>>
> = {
  people: { silent: 'named', owner: '', people: 'named', visible: 'named' },
  visible: {
    silent: 'named link colleague',
    owner: '',
    people: 'named link',
    visible: 'named link colleague',
  },
  authenticated: {
    silent: 'named link colleague',
    owner: '',
    people: 'named link',
    visible: 'named link colleague',
  },
  public: {
    silent: 'named link colleague outsider nobody',
    owner: '',
    people: 'named link',
    visible: 'named link colleague',
  },
};

function others({ byDefault, word, gift, route }: LevelCell): string {
  if (route !== undefined) return ROUTES[route][word ?? 'silent'];
  if (word === 'owner') return '';
  return word === 'people' ? 'named link' : OTHERS[byDefault][gift];
}

/** Whether ClearML is asked for the task: not where a static route is open to all and the task does not narrow it. */
function asksForTask({ route, word }: LevelCell): boolean {
  return word !== undefined || (route !== 'authenticated' && route !== 'public');
}

/** The exact answer of a cell. */
export function expectedAt(relation: Relation, cell: LevelCell, protocol: Protocol): number {
  const { character, route, word } = cell;
  const passes = protocol === 'http' ? 200 : 101;
  const mine = relation === 'owner' || relation === 'administrator';
  const sees = mine || character === 'shows all' || !asksForTask(cell);
  const right = mine || others(cell).split(' ').includes(relation);
  if (route === 'public' && word === undefined) return passes;
  const carried = route === undefined && word !== 'owner' && protocol !== 'tunnel';
  if (relation === 'guest') return carried ? passes : 401;
  if (relation === 'nobody' || relation === 'outsider') return 401;
  if (right && sees) return passes;
  return route === 'authenticated' || route === 'public' ? 503 : 404;
}

export const LEVEL_FORMS: readonly Form[] = ['path', 'wildcard', 'static'];
