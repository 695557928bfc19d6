import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { parse } from 'yaml';

import { stackConfig } from '../../../infra/config/reading/schema.ts';
import { secretLeaves } from '../../../infra/config/reading/secret_leaves.ts';
import { documents } from '../../../infra/reference/documents.ts';
import { type JsonSchema, sectionSchemas } from '../../../infra/reference/json_schema.ts';

const folder = fileURLToPath(new URL('../../../infra/', import.meta.url));

/** Keys without a description, in a section. */
function undescribed(path: string, schema: JsonSchema): string[] {
  const here = (schema.description ?? '') === '' ? [path] : [];
  return Object.entries(schema.properties ?? {}).reduce(
    (found, [name, key]) => [...found, ...undescribed(`${path}.${name}`, key)],
    here,
  );
}

suite('what is made from the schema of the config', () => {
  for (const { file, content } of documents) {
    test(`${file} is what npm run reference writes`, () => {
      const current = readFileSync(folder + file, 'utf8');
      assert.equal(current, content(current));
    });
  }

  test('every key says what it means', () => {
    const sections = Object.entries(sectionSchemas());
    assert.deepEqual(
      sections.flatMap(([name, schema]) => undescribed(name, schema)),
      [],
    );
  });

  test('the annotated stack file holds what is required, and no secret', () => {
    const text = readFileSync(`${folder}Pulumi.annotated.yaml`, 'utf8');
    const { config } = parse(text) as { config: Record<string, Record<string, unknown>> };
    assert.deepEqual(Object.keys(config), [
      'task-traffic-router:clearml',
      'task-traffic-router:ingress',
      'task-traffic-router:kubernetes',
    ]);
  });

  test('the secrets are these', () => {
    assert.deepEqual(
      secretLeaves(stackConfig).map((path) => path.join('.')),
      [
        'clearml.apiServerKey',
        'clearml.apiServerSecret',
        'clearml.jwksKey',
        'clearml.proxy.password',
        'imageCredentials.password',
        'tls.privateKey',
        'router.secret',
        'kubernetes.kubeconfig',
      ],
    );
  });
});
