import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { endpoint, table, taskId, tokenOf } from '../../support/auth_fixture.ts';
import type { Site } from '../../support/site.ts';
import { startSite } from '../../support/site.ts';

const MINE = taskId('a');
const EVIL = { Origin: 'https://evil.example' };

const folder = mkdtempSync(join(tmpdir(), 'refusals-'));
let site: Site | undefined;
afterEach(() => site?.close());
after(() => rmSync(folder, { recursive: true }));

/** The audit lines of denials. */
function audited({ lines }: Site): Record<string, unknown>[] {
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'denied');
}

describe('what a page of the router’s own refuses', () => {
  it('has an audit line without what was presented, and is counted', async () => {
    site = await startSite(table([endpoint(MINE)]));
    const pages = [
      ['GET', '/'],
      ['GET', '/api/v1/routes'],
      ['GET', '/auth/endpoint-tokens'],
      ['POST', '/auth/endpoint-tokens/revoke'],
      ['DELETE', '/api/v1/endpoint-tokens/x'],
    ] as const;
    for (const [method, page] of pages) {
      const before = audited(site).length;
      const headers = { Authorization: `Bearer ${'x'.repeat(40)}` };
      const { status } = await site.ask(method, `${page}?token=xxxx`, headers);
      const line: Record<string, unknown> = audited(site)[before] ?? {};
      assert.equal(status, 401, page);
      assert.deepEqual(
        [line['status'], line['reason'], line['method'], line['page'], line['client']],
        [401, 'token-invalid', method, page, '192.0.2.1'],
      );
    }
    assert.ok(!site.lines.join('').includes('xxxx'));
    const metric = await site.registry.getSingleMetricAsString('task_router_denials_total');
    assert.match(metric, new RegExp(`reason="token-invalid"\\} ${pages.length}`));
  });

  it('of another site’s pages has one, too, with the user whose cookie it was', async () => {
    site = await startSite(table([endpoint(MINE)]), {
      STATE_FILE: join(folder, 'state'),
    });
    const token = await tokenOf('owner');
    site.clearml.grant(token, MINE);
    for (const [page, user] of [
      ['/auth/sign-in', undefined],
      ['/auth/sign-out', undefined],
      ['/auth/endpoint-tokens', 'owner'],
      [`/api/v1/endpoints/${MINE}/test`, 'owner'],
    ] as const) {
      const before = audited(site).length;
      const headers = { Cookie: `clearml_token_basic=${token}`, ...EVIL };
      const { status } = await site.ask('POST', page, headers);
      const line: Record<string, unknown> = audited(site)[before] ?? {};
      assert.equal(status, 403, page);
      assert.deepEqual(
        [line['status'], line['reason'], line['page'], line['user']],
        [403, 'foreign-origin', page, user],
      );
    }
  });

  it('of a user whom ClearML cannot be asked about has one with the user', async () => {
    site = await startSite(table([endpoint(MINE)]), {
      STATE_FILE: join(folder, 'state'),
    });
    const token = await tokenOf('owner');
    site.clearml.grant(token);
    const headers = { Authorization: `Bearer ${token}` };
    assert.equal((await site.ask('GET', '/', headers)).status, 200);
    site.clearml.state = 'away';
    const wish = JSON.stringify({ endpoint: taskId('b'), label: 'of a test' });
    for (const [page, body] of [
      ['/api/v1/endpoint-tokens', wish],
      [`/api/v1/endpoints/${taskId('c')}/test`, ''],
    ] as const) {
      const before = audited(site).length;
      const { status } = await site.ask('POST', page, headers, body);
      const line: Record<string, unknown> = audited(site)[before] ?? {};
      assert.equal(status, 503, page);
      assert.deepEqual(
        [line['reason'], line['page'], line['user']],
        ['clearml-unavailable', page, 'owner'],
      );
    }
  });

  it('is nothing that was merely shown: the form of sign-in, a page to whom it belongs', async () => {
    site = await startSite(table([endpoint(MINE)]));
    const token = await tokenOf('owner');
    site.clearml.grant(token, MINE);
    assert.equal((await site.ask('GET', '/auth/sign-in')).status, 200);
    const mine = await site.ask('GET', '/', { Authorization: `Bearer ${token}` });
    assert.equal(mine.status, 200);
    assert.deepEqual(audited(site), []);
  });
});
