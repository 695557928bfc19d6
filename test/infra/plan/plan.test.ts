/** Every key of the schema is changed, and what the change replaces or deletes is held against a list of what it may. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { InfraError } from '../../../infra/errors.ts';
import { valueAt } from '../../../infra/config/values/value_at.ts';
import { problems } from '../config/problems_of.ts';
import { richStacks } from '../config/rich_stacks.ts';
import { smallest } from '../stacks.ts';
import { type Changeable, changeables, kubeconfig } from './changes.ts';
import { MAY } from './may.ts';
import { planOf, type Plan, type Registration } from './plan.ts';
import { registrationsOf } from './registrations.ts';

type Config = Readonly<Record<string, unknown>>;

const tcpByAddress = {
  ...smallest,
  tcpSession: {
    portRange: { start: 31_000, end: 31_009 },
    service: { type: 'LoadBalancer', loadBalancerClass: 'one' },
  },
  router: { staticRoutes: [{ name: 'docs', type: 'path', path: 'docs' }] },
};

const bases: readonly Config[] = [
  tcpByAddress,
  ...Object.values(richStacks).map(withKubeconfig),
  { ...smallest, service: { type: 'NodePort', nodePort: 30_080 } },
];

/** The provider reads a kubeconfig where there is one. */
function withKubeconfig(base: { readonly kubernetes: object }): Config {
  if (!('kubeconfig' in base.kubernetes)) return base;
  return { ...base, kubernetes: { ...base.kubernetes, kubeconfig: kubeconfig() } };
}

/** In so many stacks each key is changed, where they take it. */
const STACKS_PER_KEY = 2;

const started = new Map<Config, Promise<readonly Registration[]>>();

function unchanged(base: Config): Promise<readonly Registration[]> {
  const known = started.get(base) ?? registrationsOf(base);
  started.set(base, known);
  return known;
}

function changed(base: Config, path: readonly string[], value: unknown): Config {
  const copy = structuredClone(base) as Record<string, unknown>;
  let group = copy;
  for (const [index, name] of path.slice(0, -1).entries()) {
    const isList = path[index + 1] === '0';
    group[name] ??= isList ? [] : {};
    group = group[name] as Record<string, unknown>;
  }
  group[path.at(-1) ?? ''] = value;
  return copy;
}

/** The plan of the first other value that the key takes in this stack; undefined where it takes none. */
async function planOfChange(base: Config, change: Changeable): Promise<Plan | undefined> {
  const before = valueAt(base, change.path);
  for (const candidate of change.candidates) {
    if (JSON.stringify(candidate) === JSON.stringify(before)) continue;
    const config = changed(base, change.path, candidate);
    if (problems(config).length > 0) continue;
    try {
      return planOf(await unchanged(base), await registrationsOf(config));
    } catch (error) {
      // What does not fit the cluster that was asked is refused after the config was read.
      if (!(error instanceof InfraError && error.code === 'config-invalid')) throw error;
    }
  }
  return undefined;
}

/** Those whose names are generated from their content: the new one is there before the old one goes. */
const BY_CONTENT = /^kubernetes:core\/v1:(Secret|ConfigMap)::/;

function judge(key: string, plan: Plan): void {
  const may = MAY[key] ?? {};
  const told = `${key}: ${JSON.stringify(plan)}`;
  const unexpected = (keys: readonly string[], allowed: RegExp | undefined): readonly string[] =>
    keys.filter((one) => allowed?.test(one) !== true);
  const replaced = plan.replaced.filter((one) => !BY_CONTENT.test(one));
  assert.deepEqual(unexpected(replaced, may.replaced), [], told);
  assert.deepEqual(unexpected(plan.deletedFirst, may.deletedFirst), [], told);
  const essential = plan.deleted.filter((one) => /:(Namespace|Deployment)::|providers:/.test(one));
  assert.deepEqual(unexpected(essential, may.deleted), [], told);
}

suite('a change of any key', () => {
  const bySection = Map.groupBy(changeables(), ({ path: [section = ''] }) => section);
  for (const [section, keys] of bySection) {
    test(`of ${section} replaces and deletes no more than it may`, async () => {
      const untried: string[] = [];
      for (const change of keys) {
        let tried = 0;
        for (const base of bases) {
          if (tried === STACKS_PER_KEY) break;
          const plan = await planOfChange(base, change);
          if (plan === undefined) continue;
          tried += 1;
          judge(change.key, plan);
        }
        if (tried === 0) untried.push(change.key);
      }
      assert.deepEqual(untried, [], 'no stack takes another value of these');
    });
  }

  test('takes a changed static route in place', async () => {
    const routes = { staticRoutes: [{ name: 'docs', type: 'path', path: 'handbook' }] };
    const after = await registrationsOf({ ...tcpByAddress, router: routes });
    assert.deepEqual(planOf(await unchanged(tcpByAddress), after), {
      replaced: [],
      deletedFirst: [],
      deleted: [],
    });
  });

  test('of the class of a load balancer leaves the Deployment that takes its address', async () => {
    const config = changed(tcpByAddress, ['tcpSession', 'service', 'loadBalancerClass'], 'two');
    assert.deepEqual(planOf(await unchanged(tcpByAddress), await registrationsOf(config)), {
      replaced: [],
      deletedFirst: ['kubernetes:core/v1:Service::task-router-tcp'],
      deleted: [],
    });
  });

  test('of the namespace makes everything there before it goes here', async () => {
    const config = { ...tcpByAddress, namespace: { name: 'elsewhere' } };
    const plan = planOf(await unchanged(tcpByAddress), await registrationsOf(config));
    // But for what holds the ports.
    assert.deepEqual(plan.deletedFirst, ['kubernetes:core/v1:Service::task-router-tcp']);
    assert.ok(plan.replaced.includes('kubernetes:core/v1:Namespace::task-router-namespace'));
    assert.ok(plan.replaced.includes('kubernetes:apps/v1:Deployment::task-router'));
  });
});
