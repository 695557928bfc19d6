import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { parse } from 'yaml';

import { writeFolder } from '../../../infra/render/folder.ts';
import { manifestOf } from '../../../infra/render/manifest.ts';
import { folderOf } from './stacks_without_secrets.ts';

const object = (kind: string, name: string, data: object = {}) => ({
  name,
  manifest: manifestOf(name, { apiVersion: 'v1', kind, metadata: { name: `${name}-1` }, data }),
});

suite('the folder that is written', () => {
  test('has a file for each object, and the kustomization that lists them', (t) => {
    const folder = folderOf(t);
    writeFolder(folder, 'prod', [object('ConfigMap', 'routes'), object('Namespace', 'namespace')]);
    assert.equal(
      readFileSync(join(folder, 'kustomization.yaml'), 'utf8'),
      `# Written by npm run render: stack prod. Changes are lost with the next run.
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - namespace.yaml
  - configmap-routes.yaml
`,
    );
    assert.equal(
      readFileSync(join(folder, 'configmap-routes.yaml'), 'utf8'),
      'apiVersion: v1\ndata: {}\nkind: ConfigMap\nmetadata:\n  name: routes-1\n',
    );
  });

  test('loses the files of objects that are no more, and no other file', (t) => {
    const folder = folderOf(t);
    writeFileSync(join(folder, 'README.md'), 'mine');
    writeFolder(folder, 'prod', [object('ConfigMap', 'old'), object('Service', 'kept')]);
    writeFolder(folder, 'prod', [object('Service', 'kept')]);
    assert.deepEqual(readdirSync(folder).toSorted(), [
      'README.md',
      'kustomization.yaml',
      'service-kept.yaml',
    ]);
  });

  test('is no file, and its kustomization one that can be read', (t) => {
    const folder = folderOf(t);
    const file = join(folder, 'file');
    writeFileSync(file, '');
    assert.throws(() => writeFolder(file, 'prod', []), { code: 'folder-taken' });
    writeFileSync(
      join(folder, 'kustomization.yaml'),
      '# Written by npm run render: a\nresources: [',
    );
    assert.throws(() => writeFolder(folder, 'prod', []), { code: 'folder-taken' });
  });

  test('has a file of its own for each object, whatever it is called', (t) => {
    const folder = folderOf(t);
    const names = ['../../a', 'system:a/b', 'system:a_b', 'system_a_b'];
    writeFolder(
      folder,
      'prod',
      names.map((name) => object('Role', name)),
    );
    assert.deepEqual(readdirSync(folder).toSorted(), [
      'kustomization.yaml',
      'role-.._.._a.yaml',
      'role-system_a_b.yaml',
      'role-system_a_b_2.yaml',
      'role-system_a_b_3.yaml',
    ]);
  });

  test('is not that of a kustomization which somebody else wrote', (t) => {
    const folder = folderOf(t);
    const file = join(folder, 'kustomization.yaml');
    writeFileSync(file, 'resources: [../base]\n');
    assert.throws(() => writeFolder(folder, 'prod', [object('Service', 'a')]), {
      code: 'folder-taken',
      message: `${file} was not written by render, and is left as it is. Choose a folder of its own, and list that under resources.`,
    });
    assert.deepEqual(readdirSync(folder), ['kustomization.yaml']);
  });

  test('holds texts that are texts to readers of YAML 1.1 and 1.2 alike', (t) => {
    const folder = folderOf(t);
    const texts = ['off', 'y', '0777', '0o17', '1:20', '1_000', '12e3', '~', '=', '', '2026-01-01'];
    const code = '#!/bin/sh\n---\n\tx: [\u0001]\n';
    writeFolder(folder, 'prod', [object('ConfigMap', 'texts', { texts, code })]);
    const content = readFileSync(join(folder, 'configmap-texts.yaml'), 'utf8');
    for (const version of ['1.1', '1.2'] as const) {
      const { data } = parse(content, { version }) as { data: unknown };
      assert.deepEqual(data, { texts, code });
    }
    assert.match(content, /- "off"/);
  });
});
