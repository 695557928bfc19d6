import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Shares } from '../../router/auth/sharing/shares.ts';
import type { EndpointLevel } from '../../router/grammar/access_level.ts';
import { GUEST_COOKIES, guestLink, guestSession } from '../support/guest_links.ts';
import type { Guarded } from '../support/guarded_router.ts';
import { TUNNEL, WILDCARD, endpointAt, guarded } from '../support/guarded_router.ts';
import { COMPANY, staticRoute, table } from '../support/auth_fixture.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';
import { PROTOCOLS, type Form, type Kind, type Protocol } from './cells.ts';
import { Forger, ROUTER_SECRET } from './credentials.ts';
import {
  CHARACTERS,
  DEFAULTS,
  GIFTS,
  LEVEL_FORMS,
  RELATIONS,
  ROUTE_LEVELS,
  WORDS,
  expectedAt,
  type Character,
  type Gift,
  type LevelCell,
  type Relation,
  type Word,
} from './level_cells.ts';

/** One endpoint for each word of a task and each gift. */
const SUBJECTS = WORDS.flatMap((word) => GIFTS.map((gift) => ({ word, gift }))).map(
  ({ word, gift }, index) => ({ word, gift, id: String(index).repeat(32) }),
);
const UNKNOWN = 'f'.repeat(32);

const idOf = (word: Word, gift: Gift): string =>
  SUBJECTS.find((one) => one.word === word && one.gift === gift)?.id ?? UNKNOWN;

/** The owner of each endpoint named one user; of some they gave to everybody who may see the task. Links are the router's own. */
function sharesBeside(kept: () => Shares | undefined): Shares {
  return {
    given: (endpoint, identity) => {
      if (identity.userId === 'named') return 'people';
      const given = kept()?.given(endpoint, identity);
      if (given !== undefined) return given;
      const { id } = endpoint;
      const isOpen = SUBJECTS.some((one) => one.id === id && one.gift === 'everybody');
      return isOpen ? 'visible' : undefined;
    },
  };
}

/** By endpoint tokens, too, since these seal a user's token. */
const HELD: readonly Kind[] = ['bearer', 'endpoint-token'];

for (const byDefault of DEFAULTS) {
  describe(`the access matrix at the default level ${byDefault}`, () => {
    let folder = '';
    let world: Guarded;
    let forger: Forger;
    /** A guest's session for each endpoint. */
    const guests = new Map<string, string>();
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'access-levels-'));
      ({ world, forger } = await start(folder, byDefault));
      // The clock goes on by hours.
      const expiresAt = world.now() + 6 * 86_400_000;
      for (const { id } of SUBJECTS) {
        const link = await guestLink(world, id, { expiresAt });
        guests.set(id, await guestSession(world, link));
        const user = { userId: 'link', userName: 'Lin', companyId: COMPANY };
        await world.auth.sharing?.grants.redeem(link.id, user);
      }
    });
    after(async () => {
      await world.close();
      await rm(folder, { recursive: true });
    });

    for (const character of CHARACTERS) {
      for (const relation of RELATIONS) {
        it(`${relation}, where ClearML ${character}`, async () => {
          const found: string[] = [];
          const known = relation !== 'nobody' && relation !== 'guest';
          for (const kind of known ? HELD : HELD.slice(0, 1)) {
            for (const form of LEVEL_FORMS) {
              world.pass(60_000);
              const cells = cellsOf(form, character, byDefault);
              for (const cell of cells) {
                const { word, gift } = cell;
                const session = relation === 'guest' ? guests.get(idOf(word, gift)) : undefined;
                found.push(
                  ...(await differences(world, forger, relation, kind, form, cell, session)),
                );
              }
            }
          }
          assert.deepEqual(found, []);
        });
      }
    }

    it('what a level hides looks like what does not exist', async () => {
      const token = await forger.token('colleague', 'good');
      const hidden = idOf('owner', 'nobody');
      world.clearml.sees.set(token, new Set([hidden, UNKNOWN]));
      const credential = await forger.header('bearer', 'good', token, '', 'colleague');
      const seen = async (id: string, form: Form, protocol: Protocol): Promise<string> => {
        // Nothing is remembered of the last question.
        world.pass(60_000);
        world.clearml.questions.length = 0;
        const request = requestOf(form, protocol, id, undefined, [credential]);
        const { status, headers, body } = await world.ask(...request);
        const kept = headers.filter(([name]) => name !== 'date' && name !== 'x-request-id');
        const text = JSON.stringify([status, kept, body, world.clearml.questions]);
        return text.replaceAll(id, 'ID');
      };
      for (const form of ['path', 'wildcard'] as const) {
        for (const protocol of PROTOCOLS) {
          const answer = await seen(hidden, form, protocol);
          assert.match(answer, /^\[404,/);
          assert.match(answer, /\[\["ID"\]\]\]$/, 'ClearML is asked once, for this task');
          assert.equal(answer, await seen(UNKNOWN, form, protocol), `${form} ${protocol}`);
        }
      }
    });
  });
}

async function start(folder: string, byDefault: EndpointLevel) {
  const environment = {
    STATE_FILE: join(folder, 'state'),
    ROUTER_SECRET,
    ACCESS_DEFAULT: byDefault,
    ACCESS_GUESTS: 'true',
  };
  const ids = SUBJECTS.map(({ id }) => id);
  let kept: Shares | undefined;
  const world = await guarded(
    ids,
    environment,
    undefined,
    sharesBeside(() => kept),
  );
  kept = world.auth.sharing?.grants;
  const endpoints = SUBJECTS.map(({ id, word }) => ({
    ...endpointAt(world.task.port, id),
    access: word,
  }));
  const routes = ROUTE_LEVELS.flatMap((level) =>
    endpoints.map((one) => ({
      ...staticRoute(`${level}-${one.id}`, level, [one]),
      people: level === 'people' ? ['named'] : undefined,
    })),
  );
  world.routes.swap(table(endpoints, routes));
  return { world, forger: new Forger(world) };
}

function cellsOf(form: Form, character: Character, byDefault: EndpointLevel): readonly LevelCell[] {
  const routes = form === 'static' ? ROUTE_LEVELS : [undefined];
  return routes.flatMap((route) =>
    SUBJECTS.map(({ word, gift }) => ({ character, byDefault, word, gift, route })),
  );
}

/** The cells of one endpoint, by one form, that came out otherwise. */
async function differences(
  world: Guarded,
  forger: Forger,
  relation: Relation,
  kind: Kind,
  form: Form,
  cell: LevelCell,
  /** Of a guest. */
  session: string | undefined,
): Promise<string[]> {
  const { character, word, gift, route } = cell;
  const id = idOf(word, gift);
  const credential: string[] = [];
  if (session !== undefined) {
    // A browser sends the cookie of a path form nowhere else; a program may.
    const name = form === 'wildcard' ? GUEST_COOKIES.wildcard : GUEST_COOKIES.path;
    credential.push(`Cookie: ${name}=${session}`);
  } else if (relation !== 'nobody') {
    const token = await forger.token(relation, 'good');
    const all = SUBJECTS.map((one) => one.id);
    const shown = character === 'shows all' || relation === 'owner' || relation === 'administrator';
    world.clearml.sees.set(token, new Set(shown ? all : []));
    const audience = form === 'static' ? `static:${route}-${id}` : `endpoint:${id}`;
    credential.push(await forger.header(kind, 'good', token, audience, relation));
  }
  const found: string[] = [];
  for (const protocol of PROTOCOLS) {
    const wanted = expectedAt(relation, cell, protocol);
    const got = await outcome(world, form, protocol, id, route, credential);
    if (got === wanted) continue;
    found.push(`${kind} ${form} ${route ?? ''} ${word} ${gift} ${protocol}: ${got}, not ${wanted}`);
  }
  return found;
}

/** The answer in short; a refusal counts as wrong where a task was contacted for it. */
async function outcome(
  world: Guarded,
  form: Form,
  protocol: Protocol,
  id: string,
  route: string | undefined,
  credential: readonly string[],
): Promise<number | string> {
  const contacted = world.task.connections.length;
  const { status } = await world.ask(...requestOf(form, protocol, id, route, credential));
  const heard = world.task.connections.length !== contacted;
  return status >= 400 && heard ? `${status}, and the task heard of it` : status;
}

/** The request line and the headers of one way in. */
function requestOf(
  form: Form,
  protocol: Protocol,
  id: string,
  route: string | undefined,
  credential: readonly string[],
): readonly [string, ...string[]] {
  const path = { path: `/service/${id}/x`, wildcard: '/x', static: `/${route}-${id}/x` }[form];
  const host = form === 'wildcard' ? [`Host: ${id}.${WILDCARD}`] : [];
  const handshake = { http: [], websocket: HANDSHAKE, tunnel: TUNNEL }[protocol];
  return [`GET ${path}`, ...host, ...handshake, ...credential];
}
