import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createStamper,
  type StampContent,
  type StampSubject,
} from '../../../../router/routes/asks/stamp.ts';
import { stampKeys } from '../../../support/installation.ts';

const OF: StampSubject = { taskId: 'a'.repeat(32), name: 'x', protocol: 'tcp' };
const CONTENT: StampContent = {
  issued: 1_000,
  taskAddress: '10.0.0.1',
  taskPort: 22,
  routerAddress: '203.0.113.7',
  routerPort: 21_000,
  staticRoute: '',
};
const stamper = createStamper('router', stampKeys('one'));

function written(of = OF, content = CONTENT): string {
  return stamper.write(of, content) ?? assert.fail('no stamp');
}

test('A61: a stamp reads back what it was written over', () => {
  assert.deepEqual(stamper.read(OF, written()), CONTENT);
  const unnamed = { ...OF, name: undefined };
  assert.deepEqual(stamper.read(unnamed, written(unnamed)), CONTENT);
});

test('A61: a stamp of another task, endpoint, protocol or router says nothing', () => {
  const others: readonly StampSubject[] = [
    { ...OF, taskId: 'b'.repeat(32) },
    { ...OF, name: 'y' },
    { ...OF, name: undefined },
    { ...OF, name: '' },
    { ...OF, protocol: 'http' },
  ];
  for (const other of others) assert.equal(stamper.read(other, written()), undefined);
  assert.equal(createStamper('west', stampKeys('one')).read(OF, written()), undefined);
  assert.deepEqual(createStamper('west', stampKeys('one')).read(OF, written(), 'router'), CONTENT);
});

test('A61: no field of a stamp can be changed', () => {
  const fields = JSON.parse(written()) as unknown[];
  for (const [index, value] of fields.entries()) {
    const other = typeof value === 'number' ? value + 1 : `${String(value)}0`;
    assert.equal(stamper.read(OF, JSON.stringify(fields.with(index, other))), undefined);
  }
  assert.equal(stamper.read(OF, JSON.stringify(fields.slice(0, -1))), undefined);
  assert.equal(stamper.read(OF, JSON.stringify([...fields.slice(0, -1), ''])), undefined);
});

test('A61: names and addresses cannot be shifted into one another', () => {
  const name = fc.option(fc.string(), { nil: undefined });
  const pair = fc.record({ name, address: fc.string(), route: fc.string() });
  fc.assert(
    fc.property(pair, pair, (a, b) => {
      const stamp = (one: typeof a): string =>
        written(
          { ...OF, name: one.name },
          { ...CONTENT, routerAddress: one.address, staticRoute: one.route },
        );
      const same = JSON.stringify(a) === JSON.stringify(b);
      assert.equal(
        (JSON.parse(stamp(a)) as string[]).at(-1) === (JSON.parse(stamp(b)) as string[]).at(-1),
        same,
      );
      assert.deepEqual(stamper.read({ ...OF, name: a.name }, stamp(a)), {
        ...CONTENT,
        routerAddress: a.address,
        staticRoute: a.route,
      });
    }),
  );
});

test('A61: whatever else stands there is no stamp', () => {
  const texts = ['', '[', 'null', '["v1"]', '{}', '["v2"]', `${written()}]`, written().slice(1)];
  for (const text of texts) assert.equal(stamper.read(OF, text), undefined);
  fc.assert(fc.property(fc.string(), (text) => stamper.read(OF, `["v1"${text}`) === undefined));
});

test('A61: while a secret is rotated both verify and the new one stamps; afterwards the old one is nothing', () => {
  let keys = stampKeys('one')();
  const rotating = createStamper('router', () => keys);
  const old = written();
  keys = stampKeys('two', 'one')();
  assert.deepEqual(rotating.read(OF, old), CONTENT);
  const renewed = rotating.write(OF, CONTENT) ?? '';
  assert.notEqual(renewed, old);
  keys = stampKeys('two')();
  assert.equal(rotating.read(OF, old), undefined);
  assert.deepEqual(rotating.read(OF, renewed), CONTENT);
  keys = [];
  assert.equal(rotating.write(OF, CONTENT), undefined);
});

test('A61: times of issue grow, even where the clock was set back since a stamp was issued', () => {
  let now = 500;
  const slow = createStamper('router', stampKeys('one'), () => now);
  assert.equal(slow.issue(), 500);
  assert.equal(slow.issue(), 501);
  slow.read(OF, written());
  assert.equal(slow.issue(), 1_001);
  slow.read(OF, JSON.stringify((JSON.parse(written()) as unknown[]).with(2, 9_000)));
  assert.equal(slow.issue(), 1_002, 'a forged time moves nothing');
  now = 2_000;
  assert.equal(slow.issue(), 2_000);
});
