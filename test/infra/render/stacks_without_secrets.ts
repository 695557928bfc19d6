import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

import { stringify } from 'yaml';

import { valuesOfSecrets } from '../../../infra/render/existing_secrets.ts';
import { recordProgram, type RecordedObject } from '../../../infra/render/record_program.ts';
import { stackValues } from '../../../infra/render/stack_values.ts';
import { richStacks } from '../config/rich_stacks.ts';
import { examples } from '../examples.ts';
import { someCluster } from '../stack_run.ts';

type Config = Readonly<Record<string, unknown>>;

const PROJECT = 'task-traffic-router';
const STACK = 'test';

/** What a stack says in place of each value that it cannot say here. */
const EXISTING: Readonly<Record<string, unknown>> = {
  'clearml.existingSecret': { name: 'existing-clearml' },
  'clearml.proxy.existingSecret': { name: 'existing-proxy' },
  'imageCredentials.existingImagePullSecrets': ['existing-pull'],
  'ingress.tlsSecretName': 'existing-tls',
  'router.existingSecret': { name: 'existing-router' },
};

/** All examples and rich stacks, with existing Secrets in place of their values, and with an address for TCP. */
export function stacksWithoutSecrets(): readonly {
  readonly name: string;
  readonly config: Config;
}[] {
  const all = [
    ...examples(),
    ...Object.entries(richStacks).map(([name, config]) => ({ name, config })),
  ];
  return all.map(({ name, config }) => ({ name, config: withoutSecrets(config) }));
}

function withoutSecrets(config: Config): Config {
  const copy = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
  const taken = valuesOfSecrets.filter(([path]) => take(copy, path));
  take(copy, ['clearml', 'serverSecret']);
  take(copy, ['clearml', 'proxy', 'username']);
  take(copy, ['tls', 'certificate']);
  take(copy, ['kubernetes', 'kubeconfig']);
  take(copy, ['kubernetes', 'clusterUid']);
  for (const [, namedBy] of taken) put(copy, namedBy.split('.'), EXISTING[namedBy]);
  put(copy, ['kubernetes', 'context'], 'test');
  const address = ['tcpSession', 'routerAddress'];
  if (copy['tcpSession'] !== undefined) put(copy, address, 'ssh.example.com');
  return copy;
}

function take(group: Record<string, unknown>, path: readonly string[]): boolean {
  const [key = '', ...rest] = path;
  if (!Object.hasOwn(group, key)) return false;
  if (rest.length > 0) return take(group[key] as Record<string, unknown>, rest);
  return delete group[key];
}

function put(group: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) group[key] = value;
  else put((group[key] ??= {}) as Record<string, unknown>, rest, value);
}

/** A folder that is gone after the test. */
export function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'render-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Values of a stack whose file says this. */
export function valuesFromFile(t: TestContext, config: Config): Readonly<Record<string, string>> {
  const root = folderOf(t);
  const sections = Object.entries(config).map(([key, value]) => [`${PROJECT}:${key}`, value]);
  writeFileSync(
    join(root, `Pulumi.${STACK}.yaml`),
    stringify({ config: Object.fromEntries(sections) }),
  );
  return stackValues({ root, project: PROJECT, stack: STACK });
}

/** What is rendered of a stack whose file says this, with a cluster that answers. */
export function rendered(
  t: TestContext,
  config: Config,
  facts = someCluster,
): Promise<readonly RecordedObject[]> {
  return recordProgram(STACK, valuesFromFile(t, config), {
    bundle: () => Promise.resolve('// the router'),
    askCluster: () => Promise.resolve(facts),
  });
}
