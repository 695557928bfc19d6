import assert from 'node:assert/strict';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { excerpt } from '../../../router/telemetry/hostile_text.ts';
import { createLog } from '../../../router/telemetry/log.ts';

function written(use: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = [];
  use(createLog('info', { write: (line) => lines.push(line) }));
  return lines;
}

test('one JSON line per event, with level, time, fields and message', () => {
  const [line, ...rest] = written((log) => log.warn({ event: 'tcp', port: 1 }, 'refused'));
  assert.deepEqual(rest, []);
  assert.ok(line?.endsWith('\n'));
  const { time, ...fields } = JSON.parse(line ?? '');
  assert.deepEqual(fields, { level: 'warn', event: 'tcp', port: 1, message: 'refused' });
  assert.ok(!Number.isNaN(Date.parse(time)));
});

test('the level changes with the next line', () => {
  const lines = written((log) => {
    log.debug({}, 'unseen');
    log.setLevel('debug');
    log.debug({}, 'seen');
    assert.equal(log.level(), 'debug');
    log.setLevel('error');
    log.warn({}, 'unseen');
  });
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).message),
    ['seen'],
  );
});

test('what a client says stays one line of plain characters, and means the same (A53)', () => {
  const path = '/\r\n{"level":"error"}\u0000\u001b[2J\u007f\u009b31m\u2028\u202e\ufeff\ud800é';
  const [line] = written((log) => log.info({ path }, 'request'));
  assert.match(line ?? '', /^[\u0020-\u007e\u00a0-\u1fff\u3000-\ud7ff\ud800-\udfff]*\n$/);
  assert.equal(JSON.parse(line ?? '').path, path);
});

test('a line made elsewhere is written as it is, made harmless, and only where info is', () => {
  const lines = written((log) => {
    log.write('{"path":"/\u009b31m"}\n');
    log.setLevel('warn');
    log.write('{}\n');
  });
  assert.deepEqual(lines, ['{"path":"/\\u009b31m"}\n']);
});

test('an excerpt of a megabyte is short (A53)', () => {
  assert.equal(excerpt('x'.repeat(1 << 20)).length, 257);
  assert.equal(excerpt('short'), 'short');
});

/** A process of its own that runs this code, with `log` on its standard output. */
function logging(code: string): ChildProcessWithoutNullStreams {
  const module = new URL('../../../router/telemetry/log.ts', import.meta.url).href;
  const program = `
    const { createLog, standardOutput } = await import(${JSON.stringify(module)});
    const log = createLog('info', standardOutput());
    ${code}`;
  return spawn(process.execPath, ['--input-type=module', '-e', program]);
}

test('lines are written out when the process exits at once', async () => {
  const child = logging(`
    for (let index = 0; index < 1000; index += 1) log.info({ index }, 'line');
    process.exit(0);`);
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  const indexes = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).index);
  // A write that was under way in a thread may land behind what the exit writes: each line is there once, in whatever order.
  assert.deepEqual(
    indexes.toSorted((one, other) => one - other),
    Array.from({ length: 1000 }, (_, index) => index),
  );
});

test('lines stay whole and in order when the process ends while its reader is slow', async () => {
  const lines = 20_000;
  const child = logging(`
    for (let line = 0; line < ${lines}; line += 1) log.info({ line, filling: 'x'.repeat(200) }, '');
    setTimeout(() => {
      process.stderr.write('full');
      log.written().then(() => process.exit(0));
    }, 50);`);
  await once(child.stderr, 'data');
  const seen = (await text(child.stdout)).trimEnd().split('\n');
  assert.deepEqual(
    seen.map((line) => (JSON.parse(line) as { line: number }).line),
    Array.from({ length: lines }, (_, line) => line),
  );
});
