import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { PeersState, PeersView } from '../../../../router/peers/peers.ts';
import { VERSION } from '../../../../router/version.ts';
import { LISTING } from '../../../../router/web/overview/listing.ts';
import { ENDPOINTS, serveWeb, tableWith, viewerOf } from '../served_pages.ts';

const SEEN_AT = Date.now() - 3_600_000;
const started = Date.UTC(2026, 0, 2);
const REPLICA = { id: 'A'.repeat(22), name: 'router-b', version: '0.3.1', startedAt: started };
const OPEN = { websocket: 1, tcp: 2, tunnel: 3 };
const SILENCE = { since: Date.now() - 120_000, reason: 'no answer within 2 s' };
const ANSWERING = { address: '10.0.0.2', replica: REPLICA, open: OPEN, silence: undefined };
const SILENT = { address: '10.0.0.3', replica: undefined, open: undefined, silence: SILENCE };

/** The page and the listing of a replica that knows this of the others. */
async function shown(t: TestContext, state: PeersState | undefined, role = 'user') {
  let wanted = 0;
  const peers: PeersView | undefined = state && {
    state: () => state,
    seen: (id) => ({ usedAt: id === ENDPOINTS.jupyter.id ? SEEN_AT : 0 }),
    healthOf: () => [],
    open: async () => ({ ...OPEN, atLeast: state.others.includes(SILENT) }),
    want: () => {
      wanted += 1;
    },
  };
  const web = await serveWeb(viewerOf(role), tableWith(), {}, 'visible', undefined, peers);
  t.after(web.close);
  const listing = LISTING.parse(await (await web.get('/api/v1/routes')).json());
  const page = (await (await web.get('/')).text())
    .replaceAll(/<[^>]*>|\s+/g, ' ')
    .replaceAll(/ +/g, ' ');
  return { ...web, listing, page, wanted: () => wanted };
}

const usedAt = (listing: (typeof LISTING)['_output'], id: string) =>
  listing.endpoints.find((endpoint) => endpoint.id === id)?.lastUsedAt;

test('a replica alone says that it speaks for itself', async (t) => {
  const { listing, page } = await shown(t, undefined, 'admin');
  assert.equal(listing.replicas, null);
  assert.deepEqual(
    [listing.administration?.others, listing.administration?.connections],
    [null, null],
  );
  assert.ok(
    page.includes('“Used”, and whether a task answers, is what this replica saw since it started.'),
  );
  assert.ok(page.includes('no traffic seen'));
  assert.ok(!page.includes('Other replicas') && !page.includes('Open connections'));
});

test('what another replica saw is shown, and the newer use of the two', async (t) => {
  const { listing, page, activity, get, wanted } = await shown(t, {
    problem: undefined,
    others: [ANSWERING],
  });
  assert.deepEqual(listing.replicas, { found: 2, silent: 0, all: true });
  assert.equal(wanted(), 2, 'who looks has the others asked');
  assert.equal(usedAt(listing, ENDPOINTS.jupyter.id), new Date(SEEN_AT).toISOString());
  assert.ok(page.includes('used 1 hour ago'));
  assert.ok(page.includes('no traffic seen'), 'nobody saw any to the others');
  assert.ok(
    page.includes('“Used”, and whether a task answers, is what 2 replicas saw since they started.'),
  );
  activity.used('http', ENDPOINTS.jupyter.id);
  const next = LISTING.parse(await (await get('/api/v1/routes')).json());
  assert.ok(Date.parse(usedAt(next, ENDPOINTS.jupyter.id) ?? '') > SEEN_AT);
});

test('a silent replica makes unknown what it would know, and the page says so', async (t) => {
  const { listing, page } = await shown(t, { problem: undefined, others: [ANSWERING, SILENT] });
  assert.deepEqual(listing.replicas, { found: 3, silent: 1, all: true });
  assert.ok(
    page.includes(
      '1 of 3 replicas does not answer: an endpoint may have been used later than its row says, through one that tells nothing. Whether a task answers is what the others saw.',
    ),
  );
  assert.ok(page.includes('no traffic known') && !page.includes('no traffic seen'));
  assert.ok(!page.includes('10.0.0.3'), 'addresses are for administrators');
  const two = await shown(t, {
    problem: undefined,
    others: [SILENT, { ...SILENT, address: '::1' }],
  });
  assert.ok(two.page.includes('2 of 3 replicas do not answer: '));
});

test('where the others cannot be found, that is said', async (t) => {
  const problem = 'router-peers cannot be looked up: ENOTFOUND';
  const { listing, page } = await shown(t, { problem, others: [] }, 'admin');
  assert.deepEqual(listing.replicas, { found: 1, silent: 0, all: false });
  assert.ok(
    page.includes(
      'It is not known which other replicas there are: an endpoint may have been used later than its row says,',
    ),
  );
  assert.ok(page.includes('no traffic known'));
  assert.ok(page.includes(`Other replicas There may be others: ${problem}.`));
});

test('an administrator sees each replica, its version and why it is silent', async (t) => {
  const state = { problem: undefined, others: [ANSWERING, SILENT] };
  const { listing, page } = await shown(t, state, 'admin');
  assert.equal(listing.administration?.replica.version, VERSION);
  assert.deepEqual(listing.administration?.others, {
    listed: [
      {
        address: '10.0.0.2',
        name: 'router-b',
        version: '0.3.1',
        startedAt: '2026-01-02T00:00:00.000Z',
        silentSince: null,
        reason: null,
      },
      {
        address: '10.0.0.3',
        name: null,
        version: null,
        startedAt: null,
        silentSince: new Date(SILENCE.since).toISOString(),
        reason: 'no answer within 2 s',
      },
    ],
    problem: null,
  });
  assert.deepEqual(listing.administration?.connections, { ...OPEN, atLeast: true });
  assert.ok(page.includes('Open connections at least 1 WebSocket, 2 TCP, 3 tunnel'));
  assert.match(
    page.slice(page.indexOf('Other replicas')),
    /^Other replicas router-b \(10\.0\.0\.2\), version 0\.3\.1, started \d+ days? ago /,
  );
  assert.ok(page.includes('10.0.0.3: does not answer, first 2 min ago : no answer within 2 s.'));
  const alone = await shown(t, { problem: undefined, others: [] }, 'admin');
  assert.ok(alone.page.includes('Other replicas none'));
  assert.ok(alone.page.includes('Open connections 1 WebSocket, 2 TCP, 3 tunnel'));
});
