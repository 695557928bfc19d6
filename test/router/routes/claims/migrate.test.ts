import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStampMigration } from '../../../../router/routes/claims/migrate.ts';

test('A61: what a stamp has shown while the store could not be read is kept once it can be written, for the next start', async () => {
  let broken = true;
  let marked = false;
  const answer = <Value>(value: () => Value): Promise<Value> =>
    broken ? Promise.reject(new Error('no store')) : Promise.resolve(value());
  const store = {
    done: () => answer(() => marked),
    mark: () => answer(() => void (marked = true)),
  };
  const migration = createStampMigration(store);
  assert.equal(await migration.trusts(true, () => true), false);
  await migration.stamped(true);
  assert.equal(marked, false);
  assert.equal(migration.problems().length, 1);

  broken = false;
  assert.equal(await migration.trusts(true, () => false), false);
  await migration.stamped(true);
  assert.equal(marked, true);
  assert.deepEqual(migration.problems(), []);
  assert.equal(await createStampMigration(store).trusts(true, () => true), false);
});

test('A61: nothing is written again for what the store says already', async () => {
  let marks = 0;
  const migration = createStampMigration({
    done: () => Promise.resolve(true),
    mark: () => Promise.resolve(void marks++),
  });
  assert.equal(await migration.trusts(true, () => false), false);
  await migration.stamped(true);
  assert.equal(marks, 0);
});
