import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test, type TestContext } from 'node:test';

import { browserCommand, openInBrowser } from './open_in_browser.ts';

const URL_OF_APP = 'http://127.0.0.1:8080/service/1/';

/** Puts a stand-in for `xdg-open` before all else on the PATH. */
async function standIn(t: TestContext, script: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lab-browser-'));
  const path = process.env['PATH'];
  t.after(async () => {
    process.env['PATH'] = path;
    await rm(folder, { recursive: true });
  });
  await writeFile(join(folder, 'xdg-open'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  process.env['PATH'] = [folder, path].join(delimiter);
  return folder;
}

test('each system has its own program for it', () => {
  assert.deepEqual(browserCommand('linux', URL_OF_APP), ['xdg-open', URL_OF_APP]);
  assert.deepEqual(browserCommand('darwin', URL_OF_APP), ['open', URL_OF_APP]);
  assert.deepEqual(browserCommand('win32', URL_OF_APP), ['cmd', '/c', 'start', '', URL_OF_APP]);
});

test('the URL is opened', async (t) => {
  if (process.platform === 'win32') return t.skip('the stand-in is a shell script');
  const folder = await standIn(t, 'printf %s "$1" > "$(dirname "$0")/opened"');
  assert.equal(await openInBrowser(URL_OF_APP, 'linux'), `Opened ${URL_OF_APP} with xdg-open.`);
  assert.equal(await readFile(join(folder, 'opened'), 'utf8'), URL_OF_APP);
});

test('a browser that cannot be opened is told', async (t) => {
  if (process.platform === 'win32') return t.skip('the stand-in is a shell script');
  await standIn(t, 'exit 3');
  assert.equal(
    await openInBrowser(URL_OF_APP, 'linux'),
    'The browser was not opened by xdg-open, since it ended with status 3. Open the URL above by hand.',
  );
});

test('a missing program is told', async (t) => {
  const folder = await standIn(t, 'exit 0');
  process.env['PATH'] = folder;
  await rm(join(folder, 'xdg-open'));
  assert.match(
    await openInBrowser(URL_OF_APP, 'darwin'),
    /^The browser was not opened by open, since it cannot be run: .*ENOENT\. Open the URL above by hand\.$/,
  );
});
