/** Real API servers of the oldest and the newest version that can be built take every object of every example. */
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { NEWEST_TRIED } from '../../infra/cluster/version.ts';
import { skipOrFail } from '../e2e/availability.ts';
import { assertTakesExamples } from '../e2e/deploy/examples_on_server.ts';
import { isCustom } from '../infra/kubernetes_api/custom.ts';
import { startApiServerAlone } from '../lab/cluster/api_server_alone.ts';
import { run } from '../lab/command.ts';
import { apiServerBuild, builtPrograms, ETCD_BUILD } from '../lab/tools/go/built_programs.ts';
import { findGo } from '../lab/tools/go/toolchain.ts';

/** 1.21 to 1.23 come without code that their build generates; their schemas are held against the examples in test/infra. */
const VERSIONS = ['1.24.17', `${NEWEST_TRIED.major}.${NEWEST_TRIED.minor}.0`];

for (const version of VERSIONS) {
  test(`Kubernetes ${version} takes every object of every example`, async (t) => {
    const go = await findGo();
    if (typeof go === 'string') return skipOrFail(t, go);
    const etcd = (await builtPrograms(ETCD_BUILD, go, () => undefined))('server');
    const began = performance.now();
    const built = await builtPrograms(apiServerBuild(version), go, () => undefined);
    t.diagnostic(`built or found after ${Math.round((performance.now() - began) / 1000)} s`);
    const folder = await mkdtemp(join(tmpdir(), 'api-server-'));
    const kubeApiserver = built('kube-apiserver');
    const { config, stop } = await startApiServerAlone(folder, { etcd, kubeApiserver });
    t.after(stop);
    // Old ones tell this by their command line alone when they are built outside of their repository.
    assert.equal((await run(kubeApiserver.path, ['--version'])).trim(), `Kubernetes v${version}`);
    const [major = 0, minor = 0] = version.split('.').map(Number);
    await assertTakesExamples(t, config, { major, minor }, (object) => !isCustom(object));
  });
}
