import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OtherReports } from '../../../router/serving/other_reports.ts';
import { httpEndpoint } from '../../support/proxy_world.ts';
import { endpointId } from '../peers/replica.ts';

const hex = (number: number): string => number.toString(16).padStart(32, '0');

test('of what anybody makes up no more is kept than fits the memory', async () => {
  const urls = ['https://a.example.com/', 'https://b.example.com/', 'https://c.example.com/'];
  const made = (url: string) =>
    Array.from({ length: 1_000 }, (_, index) => [
      { id: `ours:${url}${index}`, requests: 1, taskIds: [] },
      { id: `ours:${url}${index}`.padEnd(2_000, 'x'), requests: 1, taskIds: [] },
      { id: `x${index}`, requests: 1, taskIds: [hex(2 * index), hex(2 * index + 1)] },
    ]).flat();
  const others = new OtherReports(
    {
      reportedUrls: () => Promise.resolve(urls.map((url) => ({ url, containers: 3_000 }))),
      containersAt: (url) => Promise.resolve(made(url)),
    },
    (id) => id.startsWith('ours:'),
    () => 0,
  );
  for (let look = 0; look < 2; look += 1) {
    await others.look({ near: () => [] }, new Map());
    assert.equal(others.own().size, 1_000);
    assert.ok([...others.own().keys()].every((id) => id.length < 100));
  }
  const known = Array.from({ length: 2_000 }, (_, index) => {
    const endpoint = httpEndpoint(1, endpointId(1));
    return others.of({ ...endpoint, task: { ...endpoint.task, id: hex(index) } });
  });
  assert.equal(known.filter((of) => of === 'task').length, 64);
});
