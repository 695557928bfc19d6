import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientWheel } from '../../../../router/web/client/client_wheel.ts';
import { VERSION } from '../../../../router/version.ts';
import { serveWeb, tableWith, viewerOf } from '../served_pages.ts';

const NOBODY = {};
const { file, bytes } = clientWheel(VERSION);
const PATH = `/client/${file}`;

describe('the wheel of the Python package', () => {
  let web: Awaited<ReturnType<typeof serveWeb>>;
  before(async () => {
    web = await serveWeb(viewerOf('user'), tableWith());
  });
  after(() => web.close());

  test('is there for everybody, and asked for anew', async () => {
    const answer = await web.get(PATH, NOBODY);
    assert.equal(answer.status, 200);
    assert.ok(bytes.equals(Buffer.from(await answer.arrayBuffer())));
    const { etag = '', ...headers } = Object.fromEntries(answer.headers);
    assert.deepEqual(
      ['content-type', 'content-length', 'cache-control', 'x-content-type-options'].map(
        (name) => headers[name],
      ),
      ['application/octet-stream', String(bytes.length), 'public, no-cache', 'nosniff'],
    );
    assert.equal(headers['set-cookie'], undefined);
    const again = await web.get(PATH, { 'If-None-Match': etag });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), '');
  });

  test('is read only: HEAD without its bytes, POST refused', async () => {
    const head = await web.get(PATH, NOBODY, 'HEAD');
    assert.equal(head.status, 200);
    assert.equal(head.headers.get('content-length'), String(bytes.length));
    assert.equal(await head.text(), '');
    const post = await web.get(PATH, NOBODY, 'POST');
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  });

  test('is all that is below /client/', async () => {
    for (const path of [
      '/client',
      '/client/',
      '/client/task_router-0.0.1-py3-none-any.whl',
      '/client/task_router/__init__.py',
      `${PATH}/`,
      `${PATH}/../client_wheel.ts`,
      '/client/..%2fclient_wheel.ts',
      `/Client/${file}`,
    ]) {
      assert.equal((await web.get(path, NOBODY)).status, 404, path);
    }
  });

  test('is on the first page, by its address, with the line that asks', async () => {
    const page = await (await web.get('/')).text();
    assert.ok(page.includes(`pip install https://tasks.example.com${PATH}`));
    assert.ok(page.includes('task_router.expose(8888)'));
  });
});
