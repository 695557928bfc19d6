import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { sampleProgram, type SampleProgram } from './programs.ts';
import { freePort } from '../free_port.ts';

/** Runs a sample task as a pod would: one file, alone in a folder. */
async function withProgram(
  name: SampleProgram,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sample-task-'));
  const port = await freePort();
  await writeFile(join(folder, `${name}.cjs`), await sampleProgram(name));
  const child = spawn(process.execPath, [`${name}.cjs`], {
    cwd: folder,
    env: { PORT: String(port), HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  try {
    await once(child.stdout, 'data');
    await use(port);
  } finally {
    child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    await rm(folder, { recursive: true });
  }
}

test('the web app shows its prefix, its user and its headers, escaped, and echoes over a WebSocket', async () => {
  await withProgram('web_app', async (port) => {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      headers: {
        'x-forwarded-prefix': '/service/abc',
        'x-clearml-user-name': encodeURIComponent('Alice <Ångström>'),
        'x-odd': '<script>"1"</script>',
      },
    });
    const page = await response.text();
    assert.match(page, /<base href="\/service\/abc\/">/);
    assert.match(page, /Hello <b id="user">Alice &lt;Ångström&gt;<\/b>/);
    assert.ok(
      page.includes(
        '<tr><th scope="row">x-odd</th><td>&lt;script&gt;&quot;1&quot;&lt;/script&gt;</td></tr>',
      ),
    );
    assert.match(page, /<a href="\/">All that you may open/);
    const atRoot = await (await fetch(`http://127.0.0.1:${port}/`)).text();
    assert.match(atRoot, /<b id="user">stranger<\/b>/);
    assert.doesNotMatch(atRoot, /<a href="\/">/, "on a host of its own the root is the app's");

    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`);
    await once(socket, 'open');
    socket.send('hello');
    const [data] = (await once(socket, 'message')) as [Buffer];
    assert.equal(data.toString(), 'hello');
    socket.terminate();
  });
});

test('the TCP service greets and sends lines back', async () => {
  await withProgram('line_echo', async (port) => {
    const socket = connect(port, '127.0.0.1');
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    assert.equal((await lines.next()).value, 'hello from the sample task');
    socket.write('one\n');
    assert.equal((await lines.next()).value, 'one');
    socket.destroy();
  });
});
