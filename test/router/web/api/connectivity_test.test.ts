import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { healthState } from '../../../../router/activity/health.ts';
import { CONNECTIVITY } from '../../../../router/web/api/connectivity_test.ts';
import type { Endpoint } from '../../../../router/routes/model/endpoint.ts';
import { claims, endpoint, sign, table, taskId, tokenOf } from '../../../support/auth_fixture.ts';
import type { Site } from '../../../support/site.ts';
import { startSite } from '../../../support/site.ts';

const MINE = taskId('a');
const GONE = taskId('b');
const FOREIGN = taskId('c');
const CLOSED = taskId('d');
const path = (id: string) => `/api/v1/endpoints/${id}/test`;

let site: Site;
let token = '';
let requests: string[] = [];
const task = createServer((request, response) => {
  requests.push(JSON.stringify(request.headers));
  response.writeHead(204).end();
});

function at(id: string, port: number): Endpoint {
  const upstream = { address: '127.0.0.1', family: 4, port } as const;
  return {
    ...endpoint(id),
    http: { state: 'open', upstream },
    tcp: { state: 'open', upstream, port: undefined },
  };
}

beforeEach(async () => {
  requests = [];
  if (!task.listening) {
    task.listen(0, '127.0.0.1');
    await once(task, 'listening');
    task.unref();
  }
  const { port } = task.address() as AddressInfo;
  const closed: Endpoint = {
    ...endpoint(CLOSED),
    http: { state: 'refused', reason: 'the address is loopback' },
    tcp: { state: 'waiting', port: undefined },
  };
  // Port 1 of loopback: nobody listens there.
  site = await startSite(table([at(MINE, port), at(GONE, 1), at(FOREIGN, port), closed]));
  token = await tokenOf('owner');
  site.clearml.grant(token, MINE, GONE, CLOSED);
});
afterEach(() => site.close());

const run = (id: string, headers: Record<string, string> = {}) =>
  site.ask('POST', path(id), { Authorization: `Bearer ${token}`, ...headers });

describe('a connectivity test', () => {
  it('reports what the task answers to the router, and sends it nobody’s credentials', async () => {
    const reply = await run(MINE);
    assert.equal(reply.status, 200);
    const result = CONNECTIVITY.parse(JSON.parse(reply.text));
    assert.deepEqual([result.http?.outcome, result.http?.status], ['answers', 204]);
    assert.deepEqual([result.tcp?.outcome, result.tcp?.status], ['answers', null]);
    assert.equal(requests.length, 1);
    assert.ok(!requests[0]?.includes(token) && !requests[0]?.includes('clearml'));
    assert.match(requests[0] ?? '', /"x-forwarded-prefix":"\/service\/a{32}"/);
  });

  it('says refused where nobody listens, and the list says so until a test succeeds', async () => {
    const result = CONNECTIVITY.parse(JSON.parse((await run(GONE)).text));
    assert.deepEqual([result.http?.outcome, result.tcp?.outcome], ['refused', 'refused']);
    assert.match(result.http?.detail ?? '', /nothing listens/);
    assert.equal(healthState(site.activity.of(GONE, 'http')), 'not_answering');
    site.activity.failed('http', MINE, 'refused');
    await run(MINE);
    assert.equal(healthState(site.activity.of(MINE, 'http')), 'answering');
    assert.equal(site.activity.of(MINE, 'http').usedAt, 0, 'a test is no use');
  });

  it('tries nothing that the router does not serve, and says why', async () => {
    const result = CONNECTIVITY.parse(JSON.parse((await run(CLOSED)).text));
    assert.deepEqual(
      [result.http?.outcome, result.http?.detail, result.tcp?.outcome],
      ['not-served', 'the address is loopback', 'waiting'],
    );
  });

  it('answers the same for what is another’s and for what does not exist, and connects to neither', async () => {
    const foreign = await run(FOREIGN);
    const unknown = await run(taskId('f'));
    assert.deepEqual([foreign.status, unknown.status], [404, 404]);
    assert.equal(foreign.text, unknown.text);
    for (const odd of ['127.0.0.1:22', 'x', `${MINE}x`, MINE.toUpperCase(), '%61'.repeat(32)]) {
      assert.equal((await run(odd)).status, 404, odd);
    }
    assert.equal(site.clearml.questions.flat().includes('x'), false);
    assert.equal(requests.length, 0);
  });

  it('is for an administrator of the company too', async () => {
    const payload = claims('boss');
    const role = await sign({
      ...payload,
      identity: { ...(payload['identity'] as object), role: 'admin' },
    });
    site.clearml.grant(role);
    const reply = await run(FOREIGN, { Authorization: `Bearer ${role}` });
    assert.equal(reply.status, 200);
  });

  it('is limited per user', async () => {
    const statuses: number[] = [];
    for (let round = 0; round < 25; round += 1) statuses.push((await run(CLOSED)).status);
    assert.equal(statuses.filter((status) => status === 200).length, 20);
    const limited = await run(CLOSED);
    assert.equal(limited.status, 429);
    assert.ok(Number(limited.headers['retry-after']) >= 1);
    const other = await tokenOf('other');
    site.clearml.grant(other, CLOSED);
    assert.equal((await run(CLOSED, { Authorization: `Bearer ${other}` })).status, 200);
  });

  it('is not made by another site’s page, nor by a GET, nor by nobody', async () => {
    assert.equal((await run(MINE, { Origin: 'https://evil.example' })).status, 403);
    const get = await site.ask('GET', path(MINE), { Authorization: `Bearer ${token}` });
    assert.deepEqual([get.status, get.headers.allow], [405, 'POST']);
    assert.equal((await site.ask('POST', path(MINE))).status, 401);
    assert.equal(requests.length, 0);
  });

  it('answers a form with a page', async () => {
    const reply = await run(MINE, { Accept: 'text/html', Origin: 'https://router.example.com' });
    assert.match(String(reply.headers['content-type']), /^text\/html/);
    assert.match(reply.text, /It answers with 204, after \d+ ms\./);
    assert.match(reply.text, /<a href="\/">All endpoints<\/a>/);
  });
});
