import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Guarded } from '../support/guarded_router.ts';
import { TUNNEL, WILDCARD, guarded } from '../support/guarded_router.ts';
import { header } from '../support/raw_peers.ts';
import type { RawAnswer } from '../support/raw_peers.ts';
import { staticRoute, taskId } from '../support/auth_fixture.ts';
import { HANDSHAKE } from '../support/web_socket_handshake.ts';
import type { Form, Kind, Protocol, State, Task, User } from './cells.ts';
import { FORMS, KINDS, PROTOCOLS, SEES, TASKS, USERS, expected, statesOf } from './cells.ts';
import { Forger, ROUTER_SECRET } from './credentials.ts';

const IDS: Readonly<Record<Task, string>> = {
  own: taskId('a'),
  shared: taskId('b'),
  foreign: taskId('c'),
  unknown: taskId('d'),
  ended: taskId('e'),
};

let folder = '';
let world: Guarded;
let forger: Forger;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'access-matrix-'));
  const environment = { STATE_FILE: join(folder, 'state'), ROUTER_SECRET };
  world = await guarded([IDS.own, IDS.shared, IDS.foreign], environment, (endpoints) =>
    TASKS.map((task) =>
      staticRoute(
        `to-${task}`,
        'visible',
        endpoints.filter(({ id }) => id === IDS[task]),
      ),
    ),
  );
  forger = new Forger(world);
});

after(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

/** What a session, and what an endpoint token, must be made for in this form. */
function audience(kind: Kind, form: Form, task: Task): string {
  if (kind === 'session') return form === 'wildcard' ? `endpoint:${IDS[task]}` : 'router';
  return form === 'static' ? `static:to-${task}` : `endpoint:${IDS[task]}`;
}

function ask(
  form: Form,
  protocol: Protocol,
  task: Task,
  credential: readonly string[],
): Promise<RawAnswer> {
  const path = { path: `/service/${IDS[task]}/x`, wildcard: '/x', static: `/to-${task}/x` }[form];
  const host = form === 'wildcard' ? [`Host: ${IDS[task]}.${WILDCARD}`] : [];
  const handshake = { http: [], websocket: HANDSHAKE, tunnel: TUNNEL }[protocol];
  return world.ask(`GET ${path}`, ...host, ...handshake, ...credential);
}

/** The answer in short; a refusal counts as wrong where a task was contacted for it. */
async function outcome(
  form: Form,
  protocol: Protocol,
  task: Task,
  credential: readonly string[],
): Promise<number | string> {
  const contacted = world.task.connections.length;
  const answer = await ask(form, protocol, task, credential);
  if (answer.status < 400) return answer.status;
  const heard = world.task.connections.length !== contacted;
  if (heard) return `${answer.status}, and the task heard of it`;
  const challenge = header(answer, 'www-authenticate');
  if ((answer.status === 401) !== (challenge === 'Bearer')) return `${answer.status} ${challenge}`;
  return answer.status;
}

/** All cells of one user and one task with one credential. */
async function differences(user: User, task: Task, kind: Kind, state: State): Promise<string[]> {
  const found: string[] = [];
  const token = await forger.token(user, state);
  // What was revoked in an endpoint token is its record; the user's own token inside still holds.
  if (state === 'revoked' && kind !== 'endpoint-token') world.clearml.refused.add(token);
  else world.clearml.refused.delete(token);
  world.clearml.sees.set(token, new Set(SEES[user].map((one) => IDS[one])));
  for (const form of FORMS) {
    const place = audience(kind, form, task);
    const credential = [await forger.header(kind, state, token, place, user)];
    for (const protocol of PROTOCOLS) {
      const wanted = expected(user, task, state, protocol);
      const got = await outcome(form, protocol, task, credential);
      if (got !== wanted) found.push(`${form} ${protocol}: ${got} instead of ${wanted}`);
    }
  }
  return found;
}

for (const user of USERS) {
  describe(`the access matrix: ${user}`, () => {
    for (const task of TASKS) {
      if (user === 'nobody') {
        it(`${task} task without a credential`, async () => {
          for (const form of FORMS) {
            for (const protocol of PROTOCOLS) {
              assert.equal(await outcome(form, protocol, task, []), 401, `${form} ${protocol}`);
            }
          }
        });
        continue;
      }
      for (const kind of KINDS) {
        it(`${task} task by ${kind}`, async () => {
          // Each row begins with a full budget of questions.
          world.pass(60_000);
          const found: Record<string, readonly string[]> = {};
          for (const state of statesOf(kind)) {
            const wrong = await differences(user, task, kind, state);
            if (wrong.length > 0) found[state] = wrong;
          }
          assert.deepEqual(found, {});
        });
      }
    }
  });
}
