import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { RawTask } from '../../support/raw_peers.ts';
import { header } from '../../support/raw_peers.ts';
import { addTask, httpAsk, taskWhen } from '../../lab/clearml/asks.ts';
import type { Runtime } from '../../lab/clearml/records.ts';
import { echoTask, NAVIGATION, startOutside } from '../../support/outside.ts';
import type { Outside } from '../../support/outside.ts';

const WILDCARD = 'tasks.example.test';
const NAMES = [
  'lab',
  'Mixed.Case_1',
  'UPPER',
  'upper',
  'with space',
  'ünï/../<x>',
  'x'.repeat(80),
  '2',
];

describe('endpoint ids and wildcard hosts', () => {
  let world: Outside;
  let id: string;
  let runtime: Runtime;
  const tasks: RawTask[] = [];
  before(async () => {
    world = await startOutside({ ROUTER_WILDCARD_HOST: WILDCARD });
    let asks: Runtime = {};
    for (const name of [undefined, ...NAMES]) {
      const task = await echoTask();
      tasks.push(task);
      const ask = { address: '127.0.0.1', port: task.port };
      asks = { ...asks, ...httpAsk(name === undefined ? ask : { ...ask, name }) };
    }
    ({ id } = addTask(world.clearml, { runtime: asks }));
    const answered = ({ runtime: now }: { runtime: Runtime }): boolean =>
      ['endpoint', ...NAMES.map((name) => `endpoint__${name}`)].every((key) => key in now);
    ({ runtime } = await taskWhen(world.clearml, id, answered));
  });
  after(async () => {
    await world.stop();
    for (const task of tasks) await task.close();
  });

  const answer = (key: string, name?: string): string => {
    const value = runtime[name === undefined ? key : `${key}__${name}`];
    assert.ok(typeof value === 'string', `${key} ${name}`);
    return value;
  };

  test('the id is the task, and `__<name>` for a named endpoint; odd names become slugs', () => {
    const prefix = `http://router.example.test/service/${id}`;
    assert.equal(answer('endpoint'), `${prefix}/`);
    for (const name of ['lab', 'Mixed.Case_1', 'UPPER', '2']) {
      assert.equal(answer('endpoint', name), `${prefix}__${name}/`);
    }
    for (const name of ['with space', 'ünï/../<x>', 'x'.repeat(80)]) {
      assert.match(
        answer('endpoint', name).slice(prefix.length),
        /^__[A-Za-z0-9._-]{1,64}-[0-9a-f]{6}\/$/,
      );
    }
    assert.match(answer('endpoint', 'with space'), /__with-space-[0-9a-f]{6}\/$/);
  });

  test('each URL that was answered leads to its own endpoint', async () => {
    for (const [index, name] of [undefined, ...NAMES].entries()) {
      for (const key of ['endpoint', 'browser_endpoint']) {
        const url = new URL(answer(key, name));
        const path = `${url.pathname}${index}`;
        const { status } = await world.ask(`GET ${path}`, world.bearer, `Host: ${url.host}`);
        assert.equal(status, 200, url.href);
        assert.ok(tasks[index]?.requests().includes(`GET /${index} HTTP/1.1`), url.href);
      }
    }
  });

  test('the wildcard URL where the name fits a DNS label and no other differs by case alone', () => {
    assert.equal(answer('browser_endpoint'), `http://${id}.${WILDCARD}/`);
    assert.equal(answer('browser_endpoint', 'lab'), `http://${id}--lab.${WILDCARD}/`);
    for (const name of ['UPPER', 'upper', 'Mixed.Case_1', 'x'.repeat(80)]) {
      assert.equal(answer('browser_endpoint', name), answer('endpoint', name));
    }
  });

  test('neither case nor port of Host matters', async () => {
    for (const host of [`${id}.${WILDCARD}:8443`, `${id.toUpperCase()}.Tasks.Example.Test`]) {
      const { status } = await world.ask('GET /', world.bearer, `Host: ${host}`);
      assert.equal(status, 200, host);
    }
  });

  test("on the endpoint's own host the prefix of the path form is stripped too", async () => {
    const { body } = await world.ask(
      `GET /service/${id}/a`,
      world.bearer,
      `Host: ${id}.${WILDCARD}`,
    );
    assert.match(body, /^GET \/a HTTP/);
  });

  test('what is no endpoint there: not found, and no page of the router', async () => {
    for (const host of [`x.${WILDCARD}`, `a.${id}.${WILDCARD}`, `${id}--none.${WILDCARD}`]) {
      for (const path of ['/', '/api/v1/routes', '/auth/sign-in']) {
        const { status } = await world.ask(`GET ${path}`, world.bearer, `Host: ${host}`);
        assert.equal(status, 404, `${host}${path}`);
      }
    }
  });

  test('without a session a browser is sent to the host of ROUTER_URL', async () => {
    const away = await world.ask('GET /a?b', NAVIGATION, `Host: ${id}.${WILDCARD}`);
    assert.ok([302, 303].includes(away.status));
    const location = new URL(header(away, 'location') ?? '');
    assert.equal(location.host, 'router.example.test');
    assert.equal(location.searchParams.get('next'), `http://${id}.${WILDCARD}/a?b`);
  });

  test('a page of another endpoint, or of ROUTER_URL, is another site there', async () => {
    for (const origin of ['http://router.example.test', `http://${id}--lab.${WILDCARD}`]) {
      const { status } = await world.ask(
        'POST /',
        world.cookie,
        `Host: ${id}.${WILDCARD}`,
        `Origin: ${origin}`,
        'Sec-Fetch-Site: same-site',
        'Content-Length: 0',
      );
      assert.equal(status, 403, origin);
    }
  });
});
