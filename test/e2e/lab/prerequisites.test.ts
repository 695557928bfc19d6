/** Each prerequisite missing in turn: one message that says what to do, no stack trace, nothing made. */
import assert from 'node:assert/strict';
import { access, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { before, test, type TestContext } from 'node:test';

import { findProgram } from '../../lab/search_path.ts';
import { skipOrFail } from '../availability.ts';
import { REPOSITORY, startLab, type Ended } from './start_process.ts';

before(async () => {
  await startLab('stop').ended;
});

/** A PATH on which only these programs are found. */
async function pathOf(t: TestContext, programs: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'path-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const program of programs) {
    const found = await findProgram(program);
    if (found !== undefined) await symlink(found, join(folder, program));
  }
  return [folder, dirname(process.execPath)].join(':');
}

const SYSTEM = [
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'runc',
  'nft',
  'iptables',
  'ip',
  'openssl',
  'unshare',
  'nsenter',
  'ldd',
  'apt-get',
  'dpkg-query',
];

async function assertOneMessage(
  ended: Ended,
  expected: readonly RegExp[],
  unexpected: readonly RegExp[] = [],
): Promise<void> {
  const { status, output } = ended;
  assert.equal(status, 1, output);
  for (const pattern of expected) {
    assert.match(output, pattern);
    assert.equal(output.split(pattern).length, 2, `more than once: ${pattern}`);
  }
  for (const pattern of unexpected) assert.doesNotMatch(output, pattern);
  assert.doesNotMatch(output, /^\s+at .*:\d+:\d+\)?$/m, 'a stack trace');
  await assert.rejects(access(join(REPOSITORY, '.work/cluster')), 'nothing was made');
}

test('without Go', async (t) => {
  if (process.getuid?.() !== 0) return skipOrFail(t, 'needs root');
  const PATH = await pathOf(t, SYSTEM);
  await assertOneMessage(
    await startLab('start', ['--once', '--no-install'], { PATH, GOROOT: '' }).ended,
    [/Go [\d.]+ or newer/, /go\.dev\/doc\/install/, /npm start -- --context NAME/],
    [/- root:/, /- system packages:/],
  );
});

test('without the system packages, where installing is forbidden', async (t) => {
  if (process.getuid?.() !== 0) return skipOrFail(t, 'needs root');
  const PATH = await pathOf(t, ['go', 'apt-get']);
  await assertOneMessage(
    await startLab('start', ['--once', '--no-install'], { PATH }).ended,
    [/- system packages: containerd/, /As root, run: apt-get install containerd/, /--context NAME/],
    [/- root:/],
  );
});

test('without root', async (t) => {
  if (process.getuid?.() !== 0) return skipOrFail(t, 'needs root, to give it up');
  // In a user namespace of its own: the checkout can still be written, as by a user who owns it.
  const asUser = ['unshare', '--user', '--map-user=1000'];
  await assertOneMessage(
    await startLab('start', ['--once', '--no-install'], {}, asUser).ended,
    [/root: namespaces, mounts and network links need it/, /Run it as root/, /--context NAME/],
    [/Go [\d.]+ or newer, which/],
  );
});

test('without any of these, all of it in one message', async (t) => {
  if (process.getuid?.() !== 0) return skipOrFail(t, 'needs root, to give it up');
  const PATH = await pathOf(t, ['unshare']);
  const asUser = ['unshare', '--user', '--map-user=1000'];
  await assertOneMessage(
    await startLab('start', ['--once', '--no-install'], { PATH }, asUser).ended,
    [
      /\d things are missing:/,
      /- root:/,
      /- Go [\d.]+ or newer/,
      /- system packages:/,
      /--context NAME/,
    ],
  );
});

test('where a cluster needs what is not here, the router runs without one', async (t) => {
  if (process.getuid?.() !== 0) return skipOrFail(t, 'needs root, to give it up');
  const PATH = await pathOf(t, ['unshare', 'bash', 'curl', 'sed', 'head', 'nc']);
  const asUser = ['unshare', '--user', '--map-user=1000'];
  const { status, output } = await startLab('start', ['--once'], { PATH }, asUser).ended;
  assert.equal(status, 0, output);
  assert.match(output, /- root:/);
  assert.match(output, /So the router runs on this machine, without Kubernetes/);
  assert.match(output, /✔ TCP carries a megabyte, byte for byte/);
  assert.doesNotMatch(output, /✖/);
});

test('with arguments that nobody knows', async () => {
  await assertOneMessage(await startLab('start', ['--twice']).ended, [
    /Unknown option '--twice'/,
    /Usage: npm start/,
  ]);
});

test('help is help', async () => {
  const { status, output } = await startLab('start', ['--help']).ended;
  assert.equal(status, 0);
  assert.match(output, /^Usage: npm start/);
});
