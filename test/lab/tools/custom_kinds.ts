import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseAllDocuments } from 'yaml';
import { z } from 'zod';

import { run } from '../command.ts';
import type { GoToolchain } from './go/toolchain.ts';

/** Where the makers of a custom kind publish its definition: a Go module, and the files in it. */
interface Published {
  readonly module: string;
  /** With its leading `v`. */
  readonly version: string;
  readonly files: readonly string[];
}

const GATEWAY_FILES = ['gatewayclasses', 'gateways', 'httproutes', 'grpcroutes', 'referencegrants'];

/** The Gateway API, its standard channel. */
export const GATEWAY_API: Published = {
  module: 'sigs.k8s.io/gateway-api',
  version: 'v1.6.3',
  files: GATEWAY_FILES.map((name) => `config/crd/standard/gateway.networking.k8s.io_${name}.yaml`),
};

/**
 * The custom kinds of which this program makes objects. Not there, since no registry has them: GKE's BackendConfig,
 * GCPBackendPolicy and HealthCheckPolicy.
 */
export const CUSTOM_KINDS: readonly Published[] = [
  GATEWAY_API,
  {
    module: 'github.com/cert-manager/cert-manager',
    version: 'v1.21.2',
    files: ['deploy/crds/cert-manager.io_certificates.yaml'],
  },
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    files: ['servicemonitors', 'prometheusrules'].map(
      (name) => `example/prometheus-operator-crd/monitoring.coreos.com_${name}.yaml`,
    ),
  },
  {
    module: 'github.com/openshift/api',
    version: 'v0.0.0-20251015095338-264e80a2b6e7',
    files: ['route/v1/zz_generated.crd-manifests/routes.crd.yaml'],
  },
];

const Download = z.object({ Dir: z.string() });

/** A CustomResourceDefinition as its makers wrote it. */
export const CustomResourceDefinition = z.looseObject({
  apiVersion: z.literal('apiextensions.k8s.io/v1'),
  kind: z.literal('CustomResourceDefinition'),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({ group: z.string(), names: z.looseObject({ kind: z.string() }) }),
});
export type CustomResourceDefinition = z.infer<typeof CustomResourceDefinition>;

/** Reads the definitions out of the modules; Go keeps what it has downloaded. */
export async function customKinds(
  go: GoToolchain,
  published: readonly Published[],
): Promise<readonly CustomResourceDefinition[]> {
  const found: CustomResourceDefinition[] = [];
  for (const { module, version, files } of published) {
    const answer = await run(go.path, ['mod', 'download', '-json', `${module}@${version}`], {
      environment: { GOWORK: 'off' },
    });
    const { Dir: folder } = Download.parse(JSON.parse(answer));
    for (const file of files) {
      const documents = parseAllDocuments(await readFile(join(folder, file), 'utf8'));
      found.push(
        ...documents
          .map((document) => document.toJS() as unknown)
          .filter((document) => document !== null)
          .map((document) => CustomResourceDefinition.parse(document)),
      );
    }
  }
  return found;
}
