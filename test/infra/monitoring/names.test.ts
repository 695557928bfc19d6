import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Registry } from 'prom-client';
import { alertRules } from '../../../infra/monitoring/alert_rules.ts';
import { dashboard } from '../../../infra/monitoring/dashboard.ts';
import { createMetrics } from '../../../router/telemetry/metrics.ts';
import { parsedConfig } from '../parsed_config.ts';
import { guide } from '../stacks.ts';

/** Series that a histogram makes of its name. */
const OF_HISTOGRAM = /_(bucket|sum|count)$/;

const registry = new Registry();
createMetrics(registry);
const known = registry.getMetricsAsArray().map(({ name }) => name);

function named(text: string): Set<string> {
  const names = text.match(/task_router_[a-z_]+/g) ?? [];
  return new Set(names.map((name) => name.replace(OF_HISTOGRAM, '')));
}

suite('names of metrics', () => {
  const rules = alertRules(parsedConfig(guide));
  const shown = named(JSON.stringify(dashboard('x')));
  const alerted = named(JSON.stringify(rules));

  test('dashboard and alert rules name no metric that the router does not have', () => {
    assert.deepEqual(
      [...shown, ...alerted].filter((name) => !known.includes(name)),
      [],
    );
  });

  test('every metric of the router is on the dashboard', () => {
    assert.deepEqual(
      known.filter((name) => !shown.has(name)),
      [],
    );
  });

  test('end in the unit that they have, counters in _total', () => {
    for (const metric of registry.getMetricsAsArray()) {
      const { name, type } = metric as unknown as { name: string; type: string };
      assert.equal(name.endsWith('_total'), type === 'counter', name);
      if (type === 'histogram') assert.match(name, /_seconds$/);
    }
  });

  test('there is an alert for each of these', () => {
    assert.deepEqual(
      rules.map(({ alert }) => alert),
      [
        'TaskRouterDown',
        'TaskRouterTableOld',
        'TaskRouterWithoutLeader',
        'TaskRouterReplicaSilent',
        'TaskRouterErrors',
        'TaskRouterBalancedRouteDown',
        'TaskRouterNotReady',
        'TaskRouterSigningKeyWrong',
        'TaskRouterOverloaded',
        'TaskRouterClearMlDown',
        'TaskRouterPortsRunOut',
      ],
    );
  });

  const promtool = spawnSync('promtool', ['--version']).error === undefined;
  const skip = promtool ? false : 'promtool (Debian package prometheus) is not installed';

  test('promtool finds nothing wrong with the metrics', { skip }, async () => {
    const input = await registry.metrics();
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
  });

  test('promtool reads the alert rules', { skip }, (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'rules-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'rules.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'x', rules }] }));
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', file], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout + stderr);
  });
});
