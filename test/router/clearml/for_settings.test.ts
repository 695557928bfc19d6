import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { createClearMlFor } from '../../../router/clearml/for_settings.ts';
import { readSettings } from '../../../router/settings/settings.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { createMetrics } from '../../../router/telemetry/metrics.ts';
import { credentials } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { settingsFor } from '../../support/router_process.ts';

test('credentials that are rotated in a mounted Secret are used at the next login', async (t) => {
  const server = await startClearMl();
  const folder = mkdtempSync(join(tmpdir(), 'credentials-'));
  for (const [name, secret] of [
    ['one', 'the-secret-key-before'],
    ['two', credentials.router.secretKey],
  ] as const) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'secret'), `${secret}\n`);
  }
  symlinkSync('one', join(folder, '..data'));
  symlinkSync('..data/secret', join(folder, 'secret'));
  const { CLEARML_API_SECRET_KEY: _, ...others } = settingsFor(server);
  const clearml = createClearMlFor(
    readSettings({ ...others, CLEARML_API_SECRET_KEY_FILE: join(folder, 'secret') }),
    createLog('error', { write: () => undefined }),
    createMetrics(new Registry()),
  );
  t.after(async () => {
    clearml.close();
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  await assert.rejects(clearml.queues(), /refused the router's own credentials/);
  symlinkSync('two', join(folder, '..next'));
  renameSync(join(folder, '..next'), join(folder, '..data'));
  await clearml.queues();
});
