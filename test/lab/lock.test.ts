import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { lock, tryLock } from './lock.ts';

const linux = { skip: process.platform !== 'linux', timeout: 10_000 };

test('one holder at a time', linux, async () => {
  const name = `test/${process.pid}/single`;
  const first = await tryLock(name);
  assert.ok(first);
  assert.equal(await tryLock(name), undefined);
  first.release();
  const second = await lock(name, () => undefined);
  second.release();
});

test('who waits has the lock when it is released', linux, async () => {
  const name = `test/${process.pid}/released`;
  const first = await tryLock(name);
  const waiting = Promise.withResolvers<void>();
  const second = lock(name, waiting.resolve);
  await waiting.promise;
  first?.release();
  (await second).release();
});

test('a lock goes with its process, even one that is killed', linux, async () => {
  const name = `test/${process.pid}/killed`;
  const script = `
    const { tryLock } = await import(${JSON.stringify(join(import.meta.dirname, 'lock.ts'))});
    await tryLock(${JSON.stringify(name)});
    console.log('held');
    setInterval(() => {}, 60_000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '--eval', script]);
  await once(holder.stdout, 'data');
  const waiting = Promise.withResolvers<void>();
  const taken = lock(name, waiting.resolve);
  await waiting.promise;
  holder.kill('SIGKILL');
  (await taken).release();
});
