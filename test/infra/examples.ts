import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { parse } from 'yaml';

import type { KubernetesVersion } from '../../infra/platform/kubernetes_version.ts';

const folder = fileURLToPath(new URL('../../infra/examples/', import.meta.url));
const PREFIX = 'task-traffic-router:';

/** An example stack: its file, and the secrets that its comments say to set. */
export interface Example {
  readonly name: string;
  readonly text: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Kubernetes of the first OpenShift whose Routes take a certificate out of a Secret. */
const ROUTE_CERTIFICATE: KubernetesVersion = { major: 1, minor: 32 };

/** The version of the cluster that a stack is made for, whose objects an API server of `version` is to take: Routes need a newer OpenShift. */
export function versionFor(
  config: Readonly<Record<string, unknown>>,
  version: KubernetesVersion,
): KubernetesVersion {
  const { enabled } = { enabled: false, ...(config['openshiftRoute'] as object | undefined) };
  return enabled && version.minor < ROUTE_CERTIFICATE.minor ? ROUTE_CERTIFICATE : version;
}

/** All example stacks. */
export function examples(): readonly Example[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .map((file) => {
      const text = readFileSync(folder + file, 'utf8');
      return { name: file.replace(/^Pulumi\.|\.yaml$/g, ''), text, config: configOf(text) };
    });
}

/** Does what a reader of the file would do: takes its config, and runs the commands of its comments. */
function configOf(text: string): Record<string, unknown> {
  const { config } = parse(text) as { config: Record<string, unknown> };
  const own = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(PREFIX, ''), value]),
  );
  for (const [, path = ''] of text.matchAll(/^# *pulumi config set --secret --path (\S+)/gm)) {
    set(own, path.split('.'), `SECRET-${path}`);
  }
  return own;
}

function set(group: Record<string, unknown>, path: readonly string[], value: string): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    group[key] = value;
    return;
  }
  const inner = (group[key] ?? {}) as Record<string, unknown>;
  group[key] = inner;
  set(inner, rest, value);
}
