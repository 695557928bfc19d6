import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, test, type TestContext } from 'node:test';
import { createLeaseApi, type LeaseApi } from '../../../router/lease/lease_api.ts';
import { createLeaseLeadership, type LeaseTimes } from '../../../router/lease/leadership.ts';
import { makeCertificate, type Certificate } from '../../lab/certificate.ts';
import { eventually, keepLog } from '../../support/installation.ts';
import { startLeaseServer, type LeaseServer } from '../../support/kubernetes/lease_server.ts';

/** A tenth of a second where the router takes several: the proportions are the same. */
const TIMES: LeaseTimes = { duration: 500, deadline: 350, retry: 100 };
const LEASE = 'router';

const certificate = makeCertificate();
after(() => certificate?.remove());
const skip = certificate === undefined ? 'needs openssl to make a certificate' : false;

async function serve(t: TestContext): Promise<LeaseServer & { tokenFile: string }> {
  const server = await startLeaseServer(certificate as Certificate);
  const tokenFile = `${certificate?.certFile}.${server.port}.token`;
  writeFileSync(tokenFile, `${server.token}\n`);
  t.after(async () => {
    await server.stop();
    rmSync(tokenFile, { force: true });
  });
  return Object.assign(server, { tokenFile });
}

function apiOf(server: LeaseServer & { tokenFile: string }): LeaseApi {
  return createLeaseApi({
    host: '127.0.0.1',
    port: server.port,
    caFile: certificate?.certFile ?? '',
    tokenFile: server.tokenFile,
    namespace: 'clearml',
    name: LEASE,
    timeout: 150,
  });
}

function apply(
  t: TestContext,
  server: LeaseServer & { tokenFile: string },
  identity: string,
  api = apiOf(server),
) {
  const { log, lines } = keepLog();
  const leadership = createLeaseLeadership({ api, identity, log, times: TIMES });
  leadership.start();
  t.after(leadership.stop);
  return { ...leadership, lines };
}

function emptyLease(server: LeaseServer): void {
  const metadata = { name: LEASE, resourceVersion: '1', labels: { app: 'router' } };
  server.leases.set(LEASE, { metadata, spec: {} });
}

function holder(server: LeaseServer): unknown {
  return server.leases.get(LEASE)?.spec['holderIdentity'];
}

test(
  'takes a Lease without holder, keeps it, and leaves labels of others alone',
  { skip },
  async (t) => {
    const server = await serve(t);
    emptyLease(server);
    const { isLeader } = apply(t, server, 'a');
    await eventually(isLeader, 'a leader');
    const { metadata, spec } = server.leases.get(LEASE) ?? {};
    assert.equal(spec?.['holderIdentity'], 'a');
    assert.equal(spec?.['leaseTransitions'], 1);
    assert.match(String(spec?.['renewTime']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.deepEqual(metadata?.['labels'], { app: 'router' });
    const renewed = spec?.['renewTime'];
    await eventually(() => server.leases.get(LEASE)?.spec['renewTime'] !== renewed, 'a renewal');
    assert.equal(server.leases.get(LEASE)?.spec['leaseTransitions'], 1);
    assert.ok(isLeader());
  },
);

test('creates the Lease where there is none', { skip }, async (t) => {
  const server = await serve(t);
  const { isLeader } = apply(t, server, 'a');
  await eventually(isLeader, 'a leader');
  assert.equal(holder(server), 'a');
});

test('of many that apply at once exactly one leads', { skip }, async (t) => {
  const server = await serve(t);
  emptyLease(server);
  const applicants = ['a', 'b', 'c', 'd'].map((name) => apply(t, server, name));
  await eventually(() => applicants.some(({ isLeader }) => isLeader()), 'a leader');
  for (let look = 0; look < 100; look += 1) {
    assert.ok(applicants.filter(({ isLeader }) => isLeader()).length <= 1);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
});

test(
  'a leader that is killed is replaced once its Lease has run out, not before',
  { skip },
  async (t) => {
    const server = await serve(t);
    // A dead holder whose renewTime lies in the future: no clock but the observer's own counts.
    server.leases.set(LEASE, {
      metadata: { name: LEASE, resourceVersion: '1' },
      spec: {
        holderIdentity: 'dead',
        renewTime: '2999-01-01T00:00:00.000000Z',
        leaseTransitions: 4,
      },
    });
    const began = performance.now();
    const { isLeader } = apply(t, server, 'b');
    await eventually(isLeader, 'a leader');
    const took = performance.now() - began;
    assert.ok(took >= TIMES.duration, `took over after ${took} ms`);
    assert.equal(server.leases.get(LEASE)?.spec['leaseTransitions'], 5);
  },
);

test('a holder that renews keeps the lead, whatever its clock says', { skip }, async (t) => {
  const server = await serve(t);
  let version = 10;
  const renew = (): void => {
    version += 1;
    const metadata = { name: LEASE, resourceVersion: String(version) };
    // The clock of this holder went back by years.
    server.leases.set(LEASE, {
      metadata,
      spec: { holderIdentity: 'a', renewTime: '1999-01-01T00:00:00.000000Z' },
    });
  };
  renew();
  const timer = setInterval(renew, TIMES.retry);
  t.after(() => clearInterval(timer));
  const { isLeader } = apply(t, server, 'b');
  const until = performance.now() + 3 * TIMES.duration;
  await eventually(() => {
    assert.equal(isLeader(), false);
    return performance.now() > until;
  });
});

test('steps down when it cannot renew, before anybody else may take over', { skip }, async (t) => {
  const server = await serve(t);
  emptyLease(server);
  const { isLeader, lines } = apply(t, server, 'a');
  await eventually(isLeader, 'a leader');
  server.hangs = true;
  const began = performance.now();
  await eventually(() => !isLeader(), 'the end of the lead');
  assert.ok(performance.now() - began < TIMES.duration);
  server.hangs = false;
  await eventually(isLeader, 'the lead again');
  const told = lines.flatMap((line) => /"event":"leader","leader":(\w+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(told, ['true', 'false', 'true']);
});

test('gives the Lease back when it stops, and another takes it at once', { skip }, async (t) => {
  const server = await serve(t);
  emptyLease(server);
  const first = apply(t, server, 'a');
  await eventually(first.isLeader, 'a leader');
  await first.stop();
  assert.equal(first.isLeader(), false);
  assert.equal(holder(server), '');
  const began = performance.now();
  const second = apply(t, server, 'b');
  await eventually(second.isLeader, 'the next leader');
  assert.ok(performance.now() - began < TIMES.duration);
  const third = apply(t, server, 'c');
  await eventually(() => third.holder() === 'b', 'the name of the leader');
  assert.deepEqual([first.holder(), second.holder()], [undefined, 'b']);
});

for (const [name, answer] of [
  ['was written a moment ago', (written: unknown) => written],
  ['was written without an answer', () => Promise.reject(new Error('the answer is lost'))],
] as const) {
  test(`gives back a Lease whose renewal ${name}`, { skip }, async (t) => {
    const server = await serve(t);
    emptyLease(server);
    const api = apiOf(server);
    let stopped: Promise<void> | undefined;
    const { isLeader, stop } = apply(t, server, 'a', {
      ...api,
      write: async (version, spec) => {
        const written = await api.write(version, spec);
        if (!isLeader() || stopped !== undefined) return written;
        stopped = stop();
        return (await answer(written)) as typeof written;
      },
    });
    await eventually(() => stopped !== undefined, 'a renewal');
    await stopped;
    assert.equal(holder(server), '');
  });
}

test(
  'reads the token again when the kubelet has rotated it; says what is missing',
  { skip },
  async (t) => {
    const server = await serve(t);
    emptyLease(server);
    server.token = 'second-token';
    const { isLeader, lines } = apply(t, server, 'a');
    await eventually(() => lines.some((line) => /status 401.*get, update and patch/.test(line)));
    assert.equal(isLeader(), false);
    assert.doesNotMatch(lines.join(''), /-token/);
    writeFileSync(server.tokenFile, server.token);
    await eventually(isLeader, 'a leader');
  },
);

test(
  'a Kubernetes API that fails elects nobody and takes the lead from nobody else',
  { skip },
  async (t) => {
    const server = await serve(t);
    emptyLease(server);
    server.fails = 500;
    const { isLeader, lines } = apply(t, server, 'a');
    await eventually(() => lines.some((line) => line.includes('status 500')));
    assert.equal(isLeader(), false);
    server.fails = undefined;
    await eventually(isLeader, 'a leader');
  },
);
