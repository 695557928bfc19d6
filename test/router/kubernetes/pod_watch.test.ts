import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, test, type TestContext } from 'node:test';
import { createKubernetesApi } from '../../../router/kubernetes/api.ts';
import { createPodWatch } from '../../../router/kubernetes/pod_watch.ts';
import { makeCertificate } from '../../lab/certificate.ts';
import { eventually } from '../../support/installation.ts';
import { PodServer } from './pod_server.ts';

const certificate = makeCertificate();
after(() => certificate?.remove());
const skip = certificate === undefined ? 'needs openssl to make a certificate' : false;

/** What a watch has told, as one state. */
interface Followed {
  readonly server: PodServer;
  readonly pods: Map<string, readonly string[]>;
  readonly errors: string[];
  lists: number;
}

async function follow(
  t: TestContext,
  prepare: (server: PodServer) => void,
  namespace = 'clearml',
): Promise<Followed> {
  assert.ok(certificate !== undefined);
  const server = await PodServer.start(certificate);
  prepare(server);
  const tokenFile = `${certificate.certFile}.${server.port}.token`;
  writeFileSync(tokenFile, 'a-token\n');
  const api = createKubernetesApi({
    host: '127.0.0.1',
    port: server.port,
    caFile: certificate.certFile,
    tokenFile,
    needs: 'list and watch on pods in namespace clearml',
  });
  const followed: Followed = { server, pods: new Map(), errors: [], lists: 0 };
  const { errors, pods } = followed;
  const watch = createPodWatch(api, namespace, {
    all: (found) => {
      followed.lists += 1;
      pods.clear();
      for (const { addresses, name } of found) pods.set(name, addresses);
    },
    changed: ({ addresses, name }) => pods.set(name, addresses),
    gone: (name) => pods.delete(name),
    failed: ({ message }) => errors.push(message),
  });
  watch.start();
  t.after(async () => {
    await watch.stop();
    await server.stop();
    rmSync(tokenFile);
  });
  return followed;
}

function isWatching({ server }: Followed): boolean {
  return server.asked.some((url) => url.searchParams.has('watch'));
}

test('reads all pages, then follows what comes, changes and goes', { skip }, async (t) => {
  const followed = await follow(t, (server) => {
    server.pageSize = 2;
    for (let index = 0; index < 5; index += 1) server.put(`pod-${index}`, [`10.0.0.${index}`]);
  });
  const { pods, server } = followed;
  await eventually(() => isWatching(followed), 'a watch');
  assert.equal(pods.size, 5);
  assert.deepEqual(pods.get('pod-4'), ['10.0.0.4']);
  assert.equal(server.asked.filter((url) => !url.searchParams.has('watch')).length, 3);
  for (const url of server.asked) {
    assert.equal(url.pathname, '/api/v1/namespaces/clearml/pods');
    assert.equal(
      url.searchParams.get('fieldSelector'),
      'status.phase!=Succeeded,status.phase!=Failed',
    );
  }
  server.put('new', []);
  await eventually(() => pods.has('new'), 'a pod that came');
  server.put('new', ['10.0.1.1', 'fd00::1']);
  await eventually(() => pods.get('new')?.length === 2, 'its addresses');
  server.remove('pod-0');
  await eventually(() => !pods.has('pod-0'), 'a pod that went');
  assert.equal(followed.lists, 1);
});

test(
  'A67: follows the whole cluster, where pods of two namespaces may have one name',
  { skip },
  async (t) => {
    const put = (server: PodServer): void => {
      server.put('clearml/task', ['10.0.0.1']);
      server.put('other/task', ['10.0.0.2']);
    };
    const followed = await follow(t, put, '*');
    const { pods, server } = followed;
    await eventually(() => isWatching(followed), 'a watch');
    assert.deepEqual(Object.fromEntries(pods), {
      'clearml/task': ['10.0.0.1'],
      'other/task': ['10.0.0.2'],
    });
    for (const url of server.asked) {
      assert.equal(url.pathname, '/api/v1/pods');
      assert.ok(url.searchParams.has('watch') || Number(url.searchParams.get('limit')) <= 100);
    }
    server.put('other/new', ['10.0.0.3']);
    server.remove('other/task');
    await eventually(() => !pods.has('other/task'), 'a pod that went');
    assert.deepEqual([...pods.keys()], ['clearml/task', 'other/new']);
    server.fails = 403;
    server.endWatches();
    await eventually(() => followed.errors.length > 0, 'a failure');
    assert.match(followed.errors[0] ?? '', /list and watch on pods/);
  },
);

test('gives no address to a pod of its node’s network', { skip }, async (t) => {
  const { pods } = await follow(t, (server) =>
    server.put('host', ['10.0.0.1'], { hostNetwork: true }),
  );
  await eventually(() => pods.has('host'), 'the pod');
  assert.deepEqual(pods.get('host'), []);
});

test('goes on from the last version when a watch ends, without a list', { skip }, async (t) => {
  const followed = await follow(t, (server) => server.put('a', ['10.0.0.1']));
  const { pods, server } = followed;
  await eventually(() => isWatching(followed), 'a watch');
  server.bookmark();
  server.put('b', ['10.0.0.2']);
  await eventually(() => pods.has('b'), 'a pod');
  const before = server.asked.length;
  server.endWatches();
  await eventually(() => server.asked.length > before, 'the next watch');
  assert.equal(server.asked.at(-1)?.searchParams.get('resourceVersion'), '4');
  assert.equal(followed.lists, 1);
  assert.deepEqual(followed.errors, []);
});

test('lists again when the server has forgotten the version', { skip }, async (t) => {
  const followed = await follow(t, (server) => server.put('a', ['10.0.0.1']));
  const { pods, server } = followed;
  await eventually(() => isWatching(followed), 'a watch');
  server.oldest = 3;
  server.endWatches();
  // Nobody is told of these.
  server.put('b', ['10.0.0.2']);
  server.remove('a');
  await eventually(() => followed.lists === 2, 'a second list');
  assert.deepEqual([...pods.keys()], ['b']);
  assert.deepEqual(followed.errors, []);
});

test('keeps what it knows while the API refuses, says why, and recovers', { skip }, async (t) => {
  const followed = await follow(t, (server) => server.put('a', ['10.0.0.1']));
  const { errors, pods, server } = followed;
  await eventually(() => isWatching(followed), 'a watch');
  server.fails = 403;
  server.endWatches();
  await eventually(() => errors.length > 0, 'a failure');
  assert.match(
    errors[0] ?? '',
    /^The Kubernetes API did not carry out GET .*: status 403; the service account needs list and watch on pods in namespace clearml$/,
  );
  assert.deepEqual([...pods.keys()], ['a']);
  server.fails = undefined;
  await eventually(() => followed.lists === 2, 'a list again');
});
