import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cached, cacheFolder } from './cache.ts';
import { downloaded } from './download.ts';

let base = '';
const userCache = process.env['XDG_CACHE_HOME'];

before(async () => {
  base = await mkdtemp(join(tmpdir(), 'lab-cache-'));
  process.env['XDG_CACHE_HOME'] = base;
});

after(async () => {
  if (userCache === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = userCache;
  await rm(base, { recursive: true });
});

const key = (ingredients: unknown) => ({ name: 'tool', version: '1.0', ingredients });
const ignore = (): void => undefined;

test('what was made once is found, and other ingredients make another entry', async () => {
  const fill = (scratch: string): Promise<void> => writeFile(join(scratch, 'program'), 'one');
  const first = await cached(key('a'), fill, ignore);
  assert.equal(first.made, true);
  assert.equal(await readFile(join(first.folder, 'program'), 'utf8'), 'one');
  const second = await cached(
    key('a'),
    () => Promise.reject(new Error('must not be made again')),
    ignore,
  );
  assert.deepEqual(second, { folder: first.folder, made: false });
  assert.equal((await cached(key('b'), fill, ignore)).made, true);
});

test('a failed entry leaves nothing behind and is made the next time', async () => {
  const failing = async (scratch: string): Promise<void> => {
    await writeFile(join(scratch, 'half'), '');
    throw new Error('interrupted');
  };
  const before = await readdir(cacheFolder());
  await assert.rejects(cached(key('failing'), failing, ignore), /interrupted/);
  assert.deepEqual(await readdir(cacheFolder()), before);
  assert.equal((await cached(key('failing'), () => Promise.resolve(), ignore)).made, true);
});

test('two runs at once make an entry once; the second waits', { timeout: 10_000 }, async (t) => {
  if (process.platform !== 'linux') return t.skip('abstract sockets are Linux');
  const gate = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<void>();
  const filling = Promise.withResolvers<void>();
  const fill = (): Promise<void> => {
    filling.resolve();
    return gate.promise;
  };
  const first = cached(key('shared'), fill, ignore);
  await filling.promise;
  const second = cached(
    key('shared'),
    () => Promise.reject(new Error('made twice')),
    waiting.resolve,
  );
  await waiting.promise;
  gate.resolve();
  const [one, two] = await Promise.all([first, second]);
  assert.deepEqual([one.made, two.made], [true, false]);
});

test('a failed download is remembered, not tried at every start, and a file has the reason', async () => {
  let tries = 0;
  const failing = (): Promise<void> => {
    tries += 1;
    return Promise.reject(new Error('lookup of a host failed\nall of it'));
  };
  const first = await downloaded(key('download'), failing, ignore);
  assert.ok(typeof first === 'string');
  const file = /^its download failed just now, and (\S+\.failed) says why$/.exec(first)?.[1] ?? '';
  assert.equal(await readFile(file, 'utf8'), 'lookup of a host failed\nall of it\n');
  assert.equal(
    await downloaded(key('download'), failing, ignore),
    `its download failed 0 min ago: ${file} says why, and without that file it is tried again`,
  );
  assert.equal(tries, 1);
});
