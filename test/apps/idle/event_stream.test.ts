/** A page in Chromium that keeps a stream of server-sent events open, with heartbeats on it: no use after it was opened, until somebody clicks. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { SignedInBrowser, withoutBrowser } from '../signed_in_browser.ts';
import { TaskRouter, type AppTask } from '../task_router.ts';
import { quiet, usedSince } from './quiet.ts';

const PAGE = `<!doctype html><title>Events</title><p id="beats"></p><button>Act</button><script>
  let beats = 0;
  new EventSource('events').onmessage = () => (document.getElementById('beats').textContent = ++beats + ' beats');
  document.querySelector('button').onclick = () => fetch('act', { method: 'POST' });
</script>`;
/** Longer than the second after which the router takes a request for one that lasts. Milliseconds. */
const BEAT_EVERY_MS = 1_500;

describe('a page with a stream of events', { skip: withoutBrowser() }, () => {
  const running = new AsyncDisposableStack();
  const beats = new EventEmitter();
  const streams = new Set<ServerResponse>();
  let router: TaskRouter;
  let task: AppTask;
  let browser: SignedInBrowser;

  const app = createServer((request, response) => {
    if (request.url !== '/events') {
      response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: opened\n\n');
    streams.add(response);
    response.on('close', () => streams.delete(response));
  });

  before(async () => {
    router = running.adopt(await TaskRouter.start(), (started) => started.stop());
    task = await router.addApp();
    app.listen(task.port, '127.0.0.1');
    await once(app, 'listening');
    running.defer(() => {
      app.close();
      app.closeAllConnections();
    });
    const timer = setInterval(() => {
      for (const stream of streams) stream.write('data: heartbeat\n\n');
      if (streams.size > 0) beats.emit('beat');
    }, BEAT_EVERY_MS);
    running.defer(() => clearInterval(timer));
    const url = task.url.path;
    browser = running.adopt(await SignedInBrowser.start(url), (started) => started.stop());
  });
  after(() => running.disposeAsync());

  test('its heartbeats are no use, and a click is one', async () => {
    const lastUse = (): Promise<number | null> => router.lastUse(task);
    await browser.visit(task.url.path, async (page) => {
      await page.getByText('2 beats').waitFor();
      const last = await quiet(lastUse, () => once(beats, 'beat'));
      // The page hears all of it.
      await page.getByText(/^[5-9]\d* beats$|^\d\d+ beats$/).waitFor();
      const clickedAt = Date.now();
      assert.ok(last < clickedAt);
      await page.getByRole('button', { name: 'Act' }).click();
      await usedSince(lastUse, clickedAt);
    });
  });
});
