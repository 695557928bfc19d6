import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { RICH_UID, richStacks } from '../config/rich_stacks.ts';
import { examples, versionFor } from '../examples.ts';
import { objectsOf } from '../manifests.ts';
import { runStack, someCluster } from '../stack_run.ts';
import { isCustom } from './custom.ts';
import { type ApiSchema, violations } from './schema.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

/** An object as the API server gets it: what the golden hides is a map of texts. */
function sent(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return object['stringData'] === '[secret]' ? { ...object, stringData: {} } : { ...object };
}

type Objects = readonly Readonly<Record<string, unknown>>[];
const ran = new Map<boolean, Promise<Map<string, Objects>>>();

/** Objects of all stacks; from 1.23 on, which has the autoscaler's new API, nothing depends on the version. */
function objectsFor(minor: number): Promise<Map<string, Objects>> {
  const isNew = minor >= 23;
  const known = ran.get(isNew) ?? runExamples(minor);
  ran.set(isNew, known);
  return known;
}

async function runExamples(minor: number): Promise<Map<string, Objects>> {
  const found = new Map<string, Objects>();
  const rich = Object.entries(richStacks).map(([name, config]) => ({ name, config }));
  for (const { name, config } of [...examples(), ...rich]) {
    const facts = {
      ...someCluster,
      uid: RICH_UID,
      version: versionFor(config, { major: 1, minor }),
    };
    const run = await runStack(config, { facts });
    found.set(
      name,
      objectsOf(run).filter((object) => !isCustom(object)),
    );
  }
  return found;
}

suite('every object of every example', () => {
  for (const file of files) {
    const api = JSON.parse(readFileSync(folder + file, 'utf8')) as ApiSchema;
    const minor = Number(/v1\.(\d+)/.exec(file)?.[1]);
    test(`is one of Kubernetes 1.${minor}: known kind, known fields, right types`, async () => {
      for (const [name, objects] of await objectsFor(minor)) {
        const unknown = objects
          .map(({ apiVersion, kind }) => `${String(apiVersion)}:${String(kind)}`)
          .filter((kind) => api.kinds[kind] === undefined);
        assert.deepEqual(unknown, [], name);
        assert.deepEqual(
          objects.flatMap((object) => violations(api, sent(object))),
          [],
          name,
        );
      }
    });
  }

  test('would be found out: a field that is unknown, missing or of another type', () => {
    const api = JSON.parse(readFileSync(`${folder}v1.21.json`, 'utf8')) as ApiSchema;
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      spec: { colour: 'red', ports: [{ name: 7 }], type: 'ClusterIP' },
    };
    assert.deepEqual(violations(api, service), [
      'Service.spec.colour: unknown field',
      'Service.spec.ports[0].port: missing',
      'Service.spec.ports[0].name: no text but number',
    ]);
  });
});
