import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { WebParts } from '../../../../router/web/web.ts';
import {
  CLEARML_COOKIE,
  claims,
  endpoint,
  sign,
  table,
  taskId,
} from '../../../support/auth_fixture.ts';
import { form, startSite, type Reply, type Site } from '../../../support/site.ts';

const MINE = taskId('a');
const OTHERS = taskId('b');
const PAGE = '/auth/ask';
const WITHDRAW = '/auth/ask/withdraw';
const API = '/api/v1/endpoints';
const APART = 'pages.example.com';
const PODS = { ownAddress: () => ({ address: '10.0.0.1' }) };
const HOSTILE = `<img src=x onerror=alert(1)>"'&amp;`;
const TCP = {
  TCP_ROUTER_ADDRESS: 'tcp.example.com',
  TCP_PORT_START: '10000',
  TCP_PORT_END: '10009',
};

let site: Site | undefined;

afterEach(() => site?.close());

interface Started {
  readonly here: Site;
  readonly token: string;
  readonly read: (path?: string) => Promise<Reply>;
  readonly fill: (fields: Record<string, string>, path?: string) => Promise<Reply>;
}

/** On a host of the pages alone, where no act takes the keys; with a task of the user's and one of another's. */
async function start(
  taskPods: WebParts['taskPods'],
  environment: Record<string, string> = { ROUTER_PAGES_URL: `https://${APART}` },
  role = 'user',
): Promise<Started> {
  const named = endpoint(MINE);
  const mine = { ...named, task: { ...named.task, name: HOSTILE, projectName: 'Examples' } };
  const routes = table([mine, endpoint(OTHERS, 'other')]);
  const here = await startSite(routes, { ...TCP, ...environment }, taskPods);
  site = here;
  const payload = claims('owner');
  const token = await sign({ ...payload, identity: { ...(payload['identity'] as object), role } });
  here.clearml.grant(token, MINE, OTHERS);
  const host = environment['ROUTER_PAGES_URL'] === undefined ? 'router.example.com' : APART;
  const headers = {
    Host: host,
    Origin: `https://${host}`,
    Accept: 'text/html',
    Cookie: `${CLEARML_COOKIE}=${token}`,
  };
  return {
    here,
    token,
    read: (path = PAGE) => here.ask('GET', path, headers),
    fill: (fields, path = PAGE) => here.ask('POST', path, headers, form(fields)),
  };
}

const ASK = { task: MINE, port: '8888', protocol: 'http', name: '' };

describe('the page on which an endpoint is asked for', () => {
  it('lists the user’s own running tasks alone, and nothing that a task says runs', async () => {
    const { read } = await start(PODS);
    const { status, text } = await read();
    assert.equal(status, 200);
    assert.equal(text.match(/<option value="[0-9a-f]{32}"/g)?.length, 1);
    assert.match(
      text,
      /Examples \/ &lt;img src=x onerror=alert\(1\)&gt;&quot;&#39;&amp;amp;\s+\(aaaaaaaa, started/,
    );
    assert.doesNotMatch(text, /name="other"|name="secret_key"/);
    assert.match(text, /<option value="tcp"/);
  });

  // A50
  it('asks ClearML for one user so often and no more', async () => {
    const { here, read } = await start(PODS);
    const statuses = [];
    for (let looks = 0; looks < 60; looks += 1) statuses.push((await read()).status);
    assert.deepEqual(new Set(statuses), new Set([200]));
    here.tasks.runningTasksOf = () => assert.fail('ClearML was asked');
    const { status, text, headers } = await read();
    assert.deepEqual([status, headers['retry-after']], [429, '1']);
    assert.match(text, /The router asks ClearML only so often which tasks of one user run\./);
  });

  it('asks, and says where it will be', async () => {
    const { here, fill } = await start(PODS);
    const { status, text } = await fill({ ...ASK, name: 'lab' });
    assert.equal(status, 200, text);
    assert.match(text, /<a href="https:\/\/router\.example\.com\/service\/a{32}__lab\/">/);
    assert.deepEqual(Object.fromEntries(here.tasks.runtimes.get(MINE) ?? []), {
      _SERVICE__lab: 'EXTERNAL',
      _ADDRESS__lab: '10.0.0.1',
      _PORT__lab: '8888',
    });
    assert.ok(here.tasks.tagged.has(MINE));
  });

  it('asks that the prefix is kept, and takes that back where the next one does not', async () => {
    const { here, read, fill } = await start(PODS);
    assert.match((await read()).text, /name="keep_prefix"/);
    const asked = { _SERVICE: 'EXTERNAL', _ADDRESS: '10.0.0.1', _PORT: '8888' };
    assert.equal((await fill({ ...ASK, keep_prefix: 'true' })).status, 200);
    const runtime = (): object => Object.fromEntries(here.tasks.runtimes.get(MINE) ?? []);
    assert.deepEqual(runtime(), { ...asked, router_keep_prefix: 'true' });
    here.tasks.runtimes.set(MINE, new Map([['router_keep_prefix', 'true']]));
    assert.equal((await fill(ASK)).status, 200);
    assert.deepEqual(runtime(), asked);
    const again = await fill({ ...ASK, port: '', keep_prefix: 'true' });
    assert.match(again.text, /name="keep_prefix"[^>]*checked/);
  });

  it('asks for an app that speaks HTTPS, and takes that back where the next one does not', async () => {
    const { here, fill } = await start(PODS);
    const asked = { _SERVICE: 'EXTERNAL', _ADDRESS: '10.0.0.1', _PORT: '8888' };
    assert.equal((await fill({ ...ASK, scheme: 'https' })).status, 200);
    const runtime = (): object => Object.fromEntries(here.tasks.runtimes.get(MINE) ?? []);
    assert.deepEqual(runtime(), { ...asked, router_scheme: 'https' });
    here.tasks.runtimes.set(MINE, new Map([['router_scheme', 'https']]));
    assert.equal((await fill(ASK)).status, 200);
    assert.deepEqual(runtime(), asked);
    const again = await fill({ ...ASK, port: '', scheme: 'https' });
    assert.match(again.text, /name="scheme"[^>]*checked/);
  });

  it('says what is wrong, and keeps what was typed', async () => {
    const { here, fill } = await start(PODS);
    const wrong =
      'Something is missing. Choose a task, a port from 1 to 65535, and a name of up to 64 letters, digits, “-” and single “_”, or none.';
    for (const fields of [
      { port: '' },
      { port: '0' },
      { port: '65536' },
      { port: '80.5' },
      { port: '0x50' },
      { protocol: 'udp' },
      { task: 'x' },
      { name: 'a__b' },
      { name: '_a' },
      { name: 'a b' },
      { name: 'x'.repeat(65) },
    ]) {
      const { status, text } = await fill({ ...ASK, name: 'kept', ...fields });
      assert.equal(status, 400, JSON.stringify(fields));
      assert.ok(text.includes(`<p class="notice bad" role="alert">${wrong} </p>`), text);
      if (!('name' in fields)) assert.match(text, /value="kept"/);
    }
    const foreign = await fill({ ...ASK, task: OTHERS });
    assert.equal(foreign.status, 404);
    assert.match(foreign.text, /There is no such running task, or it is not yours\./);
    assert.deepEqual([...here.tasks.runtimes], []);
  });

  it('says what the operator has to set where the router does not look at pods', async () => {
    const { here, read, fill } = await start(undefined);
    for (const reply of [await read(), await fill(ASK)]) {
      assert.match(
        reply.text,
        /does not look at pods: router\.verifyPods of its stack \(VERIFY_TASK_PODS\) is not set/,
      );
      assert.doesNotMatch(reply.text, /name="port"/);
    }
    assert.deepEqual([...here.tasks.runtimes], []);
  });

  it('has administrators name tasks of others by id', async () => {
    const { here, read, fill } = await start(PODS, undefined, 'admin');
    assert.match((await read()).text, /As an administrator you may ask for tasks of others\./);
    const { status } = await fill({ ...ASK, other: OTHERS });
    assert.equal(status, 200);
    assert.deepEqual([...here.tasks.runtimes.keys()], [OTHERS]);
  });

  it('offers TCP only where there is any', async () => {
    const { read } = await start(PODS, {
      ROUTER_PAGES_URL: `https://${APART}`,
      TCP_ROUTER_ADDRESS: '',
      TCP_PORT_START: '',
      TCP_PORT_END: '',
    });
    assert.match((await read()).text, /<input type="hidden" name="protocol" value="http"/);
  });

  it('is led back to after sign-in, and is nobody’s without it', async () => {
    const { here } = await start(PODS);
    const stranger = await here.ask('GET', PAGE, { Host: APART, 'Sec-Fetch-Mode': 'navigate' });
    assert.equal(stranger.status, 302);
    assert.match(String(stranger.headers.location), /next=%2Fauth%2Fask(?:&|$)/);
    for (const path of [PAGE, WITHDRAW]) {
      assert.equal((await here.ask('POST', path, { Host: APART })).status, 401);
      const put = await here.ask('PUT', path, { Host: APART });
      assert.deepEqual([put.status, put.headers.allow], [405, 'GET, HEAD, POST']);
    }
  });
});

describe('the page on which an endpoint is withdrawn', () => {
  it('asks before, and takes it out of the task', async () => {
    const { here, read, fill } = await start(PODS);
    await fill(ASK);
    assert.match((await read('/')).text, /href="\/auth\/ask\/withdraw\?endpoint=a{32}"/);
    assert.doesNotMatch((await read('/')).text, /withdraw\?endpoint=b{32}/);
    const question = await read(`${WITHDRAW}?endpoint=${MINE}`);
    assert.match(question.text, /<input type="hidden" name="endpoint" value="a{32}"/);
    for (const odd of ['x', encodeURIComponent(HOSTILE), '']) {
      assert.equal((await read(`${WITHDRAW}?endpoint=${odd}`)).status, 404, odd);
    }
    const done = await fill({ endpoint: MINE }, WITHDRAW);
    assert.equal(done.status, 200, done.text);
    assert.match(done.text, /Withdrawn\. <code>a{32}<\/code> is closed within a few seconds\./);
    assert.deepEqual([...(here.tasks.runtimes.get(MINE) ?? [])], []);
    assert.ok(!here.tasks.tagged.has(MINE));
    const again = await fill({ endpoint: MINE }, WITHDRAW);
    assert.equal(again.status, 404);
    assert.match(again.text, /There is no such endpoint, or it is not one of your running tasks\./);
  });
});

describe('A69: a page of a task asks and withdraws with the forms of the router', () => {
  it('is asked for the keys, which it has not, at the forms and at the API', async () => {
    const { here, token, read, fill } = await start(PODS, {});
    await here.tasks.writeRuntime(MINE, { _PORT__x: '80' });
    const before = structuredClone(here.tasks.runtimes);
    const own = { Origin: 'https://router.example.com', Cookie: `${CLEARML_COOKIE}=${token}` };
    const wish = JSON.stringify({ ...ASK, port: 8888, name: 'lab' });
    for (const reply of [
      await fill(ASK),
      await fill({ endpoint: `${MINE}__x` }, WITHDRAW),
      await here.ask('POST', API, own, wish),
      await here.ask('DELETE', `${API}/${MINE}__x`, own),
    ]) {
      assert.equal(reply.status, 403, reply.text);
      assert.match(reply.text, /keys are asked for again|keys-needed/);
    }
    assert.deepEqual(here.tasks.runtimes, before);
    for (const path of [PAGE, `${WITHDRAW}?endpoint=${MINE}__x`]) {
      assert.match((await read(path)).text, /name="secret_key"\s+type="password"/);
    }
    const again = await sign({ ...claims('owner'), login: 2 });
    here.clearml.grant(again, MINE);
    here.clearml.credentials.set('AK:SK', again);
    const keys = { access_key: 'AK', secret_key: 'SK' };
    assert.equal((await fill({ ...ASK, ...keys })).status, 200);
    here.clearml.refused.clear();
    assert.equal((await fill({ endpoint: `${MINE}__x`, ...keys }, WITHDRAW)).status, 200);
    here.clearml.refused.clear();
    const body = JSON.stringify(keys);
    const length = { 'Content-Length': String(body.length) };
    const deleted = await here.ask('DELETE', `${API}/${MINE}`, { ...own, ...length }, body);
    assert.equal(deleted.status, 204, deleted.text);
  });

  it('nor does a page of another site, with the cookie or not', async () => {
    const { here, token } = await start(PODS);
    const evil = { Host: APART, Origin: 'https://evil.example' };
    for (const [method, path] of [
      ['POST', PAGE],
      ['POST', WITHDRAW],
      ['POST', API],
      ['DELETE', `${API}/${MINE}`],
    ] as const) {
      const headers = { ...evil, Cookie: `${CLEARML_COOKIE}=${token}` };
      assert.equal((await here.ask(method, path, headers)).status, 403, path);
    }
    assert.deepEqual([...here.tasks.runtimes], []);
  });
});

describe('with AUTH_ENABLED=false', () => {
  it('nobody asks for anybody’s task, and the list offers it to nobody', async () => {
    const { here } = await start(PODS, {
      AUTH_ENABLED: 'false',
      AUTH_DISABLED_ACKNOWLEDGED: 'anyone-can-reach-every-task',
    });
    const { text } = await here.ask('GET', '/', { Accept: 'text/html' });
    assert.doesNotMatch(text, /\/auth\/ask/);
    for (const [method, path] of [
      ['GET', PAGE],
      ['POST', PAGE],
      ['POST', API],
      ['DELETE', `${API}/${MINE}`],
    ] as const) {
      const reply = await here.ask(method, path);
      assert.equal(reply.status, 404);
      assert.match(reply.text, /does not know whose task is whose/);
    }
  });
});
