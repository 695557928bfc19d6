/** The package is packed and installed as its users do it, and the example of a program of one's own is checked and run with it. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { run } from '../lab/command.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Runs the compiled example under Pulumi's mocks, which leave transforms to whoever answers, and writes what was made. */
const MOCKED = `
import { output, runtime } from '@pulumi/pulumi';
const made = [];
const transforms = [];
const settled = (value) => new Promise((resolve) => output(value).apply(resolve));
await runtime.setMocks({
  newResource: async ({ name, type, inputs, transforms: own = [] }) => {
    transforms.push(...own);
    let props = inputs;
    for (const transform of transforms) {
      props = (await transform({ custom: true, name, opts: {}, props, type }))?.props ?? props;
    }
    props = await settled(props);
    if (type.startsWith('kubernetes:')) made.push({ name, type, props });
    return { id: name, state: { ...props, metadata: { name, ...props.metadata } } };
  },
  call: () => ({}),
}, 'routers', 'dev');
const said = { kubeconfig: '{}', domain: 'example.com', accessKey: 'SECRET-a', secretKey: 'SECRET-b', signingKey: 'SECRET-c' };
runtime.setAllConfig(Object.fromEntries(Object.entries(said).map(([key, value]) => ['routers:' + key, value])));
const example = await import('./dist/index.js');
const urls = await settled([example.researchUrl, example.modelsUrl]);
await runtime.disconnect();
process.stdout.write(JSON.stringify({ made, urls }));
`;

interface Result {
  readonly urls: readonly string[];
  readonly made: readonly {
    readonly name: string;
    readonly type: string;
    readonly props: {
      readonly metadata: { readonly namespace?: string };
      readonly binaryData?: Readonly<Record<string, string>>;
    };
  }[];
}

test('a program of one’s own installs the package and makes two routers with it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'component-'));
  t.after(() => rm(folder, { recursive: true }));
  await cp(join(repository, 'infra/examples/component'), folder, { recursive: true });
  await run('npm', ['pack', '--pack-destination', folder], { cwd: repository });
  const [pack = ''] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'));
  await rename(join(folder, pack), join(folder, 'task-traffic-router-0.2.0.tgz'));
  const inFolder = { cwd: folder, timeoutMs: 600_000 };
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], inFolder);

  const installed = join(folder, 'node_modules/task-traffic-router');
  const files = await readdir(installed, { recursive: true });
  assert.deepEqual(
    files.filter((file) => /(?<!\.d)\.ts$/.test(file)),
    [],
    'TypeScript, which Node does not read there',
  );
  await run('npm', ['run', 'build'], inFolder);
  await writeFile(join(folder, 'mocked.js'), MOCKED);
  const { made, urls } = JSON.parse(await run(process.execPath, ['mocked.js'], inFolder)) as Result;

  assert.deepEqual(urls, ['https://research.example.com', 'https://models.example.com']);
  const names = made.map(({ name, type }) => `${type} ${name}`);
  assert.equal(new Set(names).size, names.length);
  assert.ok(made.some(({ props }) => (props.binaryData?.['router.cjs.br'] ?? '').length > 100_000));
  const namespaces = made.flatMap(({ props }) => props.metadata.namespace ?? []);
  assert.deepEqual([...new Set(namespaces)], ['task-traffic-router']);
  assert.doesNotMatch(JSON.stringify(made), /from-pulumi-input/);
});
