import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';
import { freePort } from '../../lab/free_port.ts';
import { settingsFor, startRouterProcess } from '../../support/router_process.ts';
import { launchChromium, noChromium } from './chromium.ts';
import { withoutFindings } from './findings.ts';
import { personAt } from './person.ts';

test('a computer without a browser is let in by its user', { skip: noChromium }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'device-'));
  const clearml = await startClearMl();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const router = await startRouterProcess({
    ...settingsFor(clearml),
    ROUTER_URL: origin,
    HTTP_PORT: String(port),
    STATE_FILE: join(folder, 'state'),
  });
  const browser = await launchChromium();
  t.after(async () => {
    await browser.close();
    await router.stop();
    await clearml.stop();
    await rm(folder, { recursive: true });
  });
  await router.readyz(200);

  const post = async (step: 'code' | 'token', fields: Record<string, string>) => {
    const body = new URLSearchParams({ client_id: 'task-router', ...fields });
    const answer = await fetch(`${origin}/api/v1/device/${step}`, { method: 'POST', body });
    return (await answer.json()) as Record<string, string>;
  };
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  const begin = () => post('code', { label: 'a-server.example.com' });
  /** Asks as often as it may, until there is an answer. */
  const wait = async ({ device_code = '' }: Record<string, string>) => {
    for (;;) {
      const said = await post('token', { grant_type, device_code });
      if (said['error'] !== 'authorization_pending') return said;
      await sleep(2_000);
    }
  };

  const person = await personAt(browser);
  const { page } = person;
  const codes = await begin();
  const answered = wait(codes);
  // The link leads to sign-in, and from there back to the code.
  await page.goto(codes['verification_uri_complete'] ?? '');
  await person.typeKeys(credentials.alice);
  await page.getByLabel('Code').waitFor();
  assert.equal(await page.getByLabel('Code').inputValue(), codes['user_code']);
  await withoutFindings(page);
  await person.press('button', 'Continue');
  await page.getByText('a-server.example.com').waitFor();
  assert.ok(await page.getByText('127.0.0.1', { exact: true }).isVisible());
  assert.ok(await page.getByText(codes['user_code'] ?? '', { exact: true }).isVisible());
  await withoutFindings(page);
  await person.type('Access key', credentials.alice.accessKey);
  await person.type('Secret key', credentials.alice.secretKey);
  await person.press('button', 'Allow');
  await page.getByText('Allowed.').waitFor();
  await withoutFindings(page);
  const { access_token: token = '' } = await answered;
  const session = () =>
    fetch(`${origin}/api/v1/session`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await session()).status, 200);

  // Typed this time, and refused, for which no keys are needed.
  const second = await begin();
  const refused = wait(second);
  await page.goto(`${origin}/device`);
  await person.type('Code', (second['user_code'] ?? '').toLowerCase());
  await page.keyboard.press('Enter');
  await page.getByText('Did you start this yourself').waitFor();
  await person.press('button', 'Refuse');
  await page.getByText('Refused.').waitFor();
  assert.equal((await refused)['error'], 'access_denied');

  await person.press('link', 'your tokens');
  await page.getByRole('heading', { name: 'Computers' }).waitFor();
  await withoutFindings(page);
  await page.getByRole('button', { name: /^Revoke a-server\.example\.com/ }).click();
  await page.getByText('Revoked.').waitFor();
  assert.equal((await session()).status, 401);
  assert.deepEqual(person.complaints, []);
});
