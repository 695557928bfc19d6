import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Denied } from '../../../../router/auth/gate/decision.ts';
import { denialAnswer } from '../../../../router/pages/denial_answers.ts';
import {
  bearer,
  endpoint,
  lab,
  request,
  table,
  taskId,
  tokenOf,
  type Lab,
} from '../../../support/auth_fixture.ts';

const MINE = taskId('a');
const OTHER = taskId('b');
const NONE = taskId('f');

/** A gate whose table had two endpoints, and has none. */
async function ended(
  t: TestContext,
  environment: Record<string, string> = {},
  access?: 'owner',
): Promise<Lab> {
  const started = await lab(table([{ ...endpoint(MINE), access }, endpoint(OTHER)]), environment);
  t.after(() => started.auth.close());
  started.routes.swap(table([]));
  return started;
}

async function denied({ auth }: Lab, id: string, token: string): Promise<Denied> {
  const decision = await auth.gate.admit(request(id, bearer(token)));
  assert.equal(decision.outcome, 'denied');
  return decision;
}

test('whoever had the right is told what became of the task, in ClearML’s word', async (t) => {
  const web = { CLEARML_WEB_URL: 'https://app.example.com' };
  const world = await ended(t, web);
  const token = await tokenOf('owner');
  world.clearml.grant(token, MINE, OTHER);
  for (const [word, status, code, detail] of [
    [
      { status: 'completed', startedAt: 1 },
      404,
      'task-ended',
      /^“a task” ended just now: completed\.$/,
    ],
    [
      { status: 'in_progress', startedAt: 1 },
      404,
      'not-asked',
      /^“a task” runs, but asks this router no longer/,
    ],
    [
      { status: 'in_progress', startedAt: 2 },
      503,
      'task-starting',
      /^“a task” runs again, and has not asked/,
    ],
    [
      { status: 'queued', startedAt: 1 },
      503,
      'task-queued',
      /^“a task” is queued in ClearML again/,
    ],
    [{ status: '<b>', startedAt: 1 }, 404, 'task-ended', /^“a task” ended just now\.$/],
    [undefined, 404, 'task-ended', /^“a task” ended just now\.$/],
  ] as const) {
    // A word is kept for three seconds: each is that of another task.
    const id = taskId(String(world.clearml.wordsAsked.length));
    world.routes.swap(table([endpoint(id)]));
    world.routes.swap(table([]));
    world.clearml.grant(token, id);
    if (word !== undefined) world.clearml.words.set(id, word);
    const decision = await denied(world, id, token);
    const answer = denialAnswer(decision);
    assert.deepEqual([decision.status, answer.code], [status, code]);
    assert.match(answer.detail, detail);
    assert.equal(
      answer.advice,
      `Start the task again, or look at its console in ClearML: https://app.example.com/projects/*/experiments/${id}/output/log`,
    );
    assert.deepEqual(answer.headers, status === 503 ? ['Retry-After', '5'] : []);
  }
});

test('how long ago it ended is told; ClearML away changes nothing but its word', async (t) => {
  const world = await ended(t);
  const token = await tokenOf('owner');
  world.clearml.grant(token, MINE);
  world.clearml.words.set(MINE, { status: 'failed', startedAt: 1 });
  const { gone } = await denied(world, MINE, token);
  assert.ok(gone);
  assert.equal(gone.url, undefined);
  const told = denialAnswer({
    outcome: 'denied',
    status: 404,
    reason: 'task-ended',
    gone: { ...gone, endedAt: Date.now() - 185_000 },
  });
  assert.equal(told.detail, '“a task” ended 3 min ago: failed.');
  assert.equal(told.advice, 'Start the task again, or look at its console in ClearML.');
  world.clearml.state = 'away';
  world.pass(5_000);
  assert.equal((await denied(world, MINE, token)).reason, 'task-ended');
});

test('everybody else gets what they get where nothing ever was, and for them ClearML is asked the same', async (t) => {
  const world = await ended(t, {}, 'owner');
  const unseeing = await tokenOf('unseeing');
  world.clearml.grant(unseeing, taskId('c'));
  const seeing = await tokenOf('seeing');
  // ClearML shows the task, and the level of its endpoint does not let them in.
  world.clearml.grant(seeing, MINE, NONE);
  for (const token of [unseeing, seeing]) {
    const before = world.clearml.calls;
    const was = await denied(world, MINE, token);
    const between = world.clearml.calls;
    const none = await denied(world, NONE, token);
    assert.deepEqual(denialAnswer(was), denialAnswer(none));
    assert.deepEqual(was, none);
    assert.equal(was.status, 404);
    assert.equal(between - before, world.clearml.calls - between);
  }
  assert.deepEqual(world.clearml.wordsAsked, []);
  const stranger = await denied(world, MINE, 'no token');
  assert.deepEqual(stranger, await denied(world, NONE, 'no token'));
  const owner = await tokenOf('owner');
  world.clearml.grant(owner, MINE);
  assert.equal((await denied(world, MINE, owner)).reason, 'task-ended');
});

test('however many ask, ClearML is asked once in three seconds for its word', async (t) => {
  const world = await ended(t);
  const token = await tokenOf('owner');
  world.clearml.grant(token, MINE);
  await Promise.all(Array.from({ length: 20 }, () => denied(world, MINE, token)));
  assert.deepEqual(world.clearml.wordsAsked, [MINE]);
});

test('a task that runs again is served again', async (t) => {
  const world = await ended(t);
  const token = await tokenOf('owner');
  world.clearml.grant(token, MINE);
  assert.equal((await denied(world, MINE, token)).reason, 'task-ended');
  world.routes.swap(table([endpoint(MINE)]));
  const decision = await world.auth.gate.admit(request(MINE, bearer(token)));
  assert.equal(decision.outcome, 'admitted');
});
