import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as z from 'zod';
import { createModelEndpoints } from '../../../router/clearml/model_endpoints.ts';

/** An API that answers each call with this. */
function answering(data: unknown) {
  return createModelEndpoints(<S extends z.ZodType>(_: string, __: object, schema: S) =>
    Promise.resolve(schema.parse(data)),
  );
}

test('what cannot be read of the list says nothing of the rest', async () => {
  const api = answering({
    endpoints: [
      { url: 'https://a/', instances: 1, requests: 1e300, model: 7 },
      { url: null, instances: 1 },
      { url: 'https://b/', instances: -1 },
      { url: `https://${'c'.repeat(3_000)}/`, instances: 1 },
      'text',
      null,
    ],
  });
  assert.deepEqual(await api.reportedUrls(), [{ url: 'https://a/', containers: 1 }]);
});

test('the same of what reports at one URL', async () => {
  const api = answering({
    instances: [
      {
        id: 'a',
        requests: 3,
        reference: [{ type: 'task', value: 't' }, { type: 'url', value: 'u' }, 7],
      },
      { id: 'b', requests: 2 ** 40, reference: null },
      { id: 'c', requests: 'many', reference: [{ type: 'task', value: 'x'.repeat(65) }] },
      { requests: 1 },
    ],
  });
  assert.deepEqual(await api.containersAt('https://a/'), [
    { id: 'a', requests: 3, taskIds: ['t'] },
    { id: 'b', requests: 0, taskIds: [] },
    { id: 'c', requests: 0, taskIds: [] },
  ]);
});

test('of a huge answer about one URL no more is read than a page could show', async () => {
  const instances = Array.from({ length: 50_000 }, (_, id) => ({ id: String(id) }));
  assert.equal((await answering({ instances }).containersAt('https://a/')).length, 1_000);
});

test('an answer of another form is none', async () => {
  for (const data of [undefined, null, {}, { endpoints: {} }, []]) {
    await assert.rejects(answering(data).reportedUrls());
    await assert.rejects(answering(data).containersAt('https://a/'));
  }
});
