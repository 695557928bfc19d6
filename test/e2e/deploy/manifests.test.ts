/** A real API server takes every object of every example, and every pod passes PodSecurity's restricted profile. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';

import { isCustom } from '../../infra/kubernetes_api/custom.ts';
import { startApiServerAlone } from '../../lab/cluster/api_server_alone.ts';
import { installCustomKinds } from '../../lab/cluster/components/install_custom_kinds.ts';
import { CUSTOM_KINDS, customKinds } from '../../lab/tools/custom_kinds.ts';
import { findGo } from '../../lab/tools/go/toolchain.ts';
import { VERSIONS } from '../../lab/tools/go/versions.ts';
import { skipOrFail, toolsOrSkip } from '../availability.ts';
import { assertTakesExamples } from './examples_on_server.ts';

const DIRECTORY = resolve(import.meta.dirname, '../../../.work/e2e-manifests');

test('a real API server takes every object of every example, custom kinds by the definitions of their makers', async (t) => {
  const tools = await toolsOrSkip(t);
  if (tools?.cluster === undefined) return;
  const go = await findGo();
  if (typeof go === 'string') return skipOrFail(t, go);
  const { config, stop } = await startApiServerAlone(DIRECTORY, tools.cluster);
  t.after(stop);
  const definitions = await customKinds(go, CUSTOM_KINDS);
  await installCustomKinds(config, definitions);
  const installed = new Set(definitions.map(({ spec }) => spec.names.kind));
  const [major = 0, minor = 0] = VERSIONS.kubernetes.split('.').map(Number);
  const kinds = await assertTakesExamples(
    t,
    config,
    { major, minor },
    (object) => !isCustom(object) || installed.has(String(object['kind'])),
  );
  await t.test('every custom kind that could be had was sent', () => {
    assert.deepEqual([...kinds].filter((kind) => isCustom({ kind })).toSorted(), [
      'Certificate',
      'HTTPRoute',
      'PrometheusRule',
      'Route',
      'ServiceMonitor',
    ]);
  });
});
