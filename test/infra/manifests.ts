import { stringify } from 'yaml';

import { type Registered, SECRET_MARKER, type StackRun } from './stack_run.ts';

/** A secret value in a golden. */
const HIDDEN = '[secret]';

/** The Kubernetes objects of a run, as they are sent to the API server, ordered by kind and name. */
export function objectsOf(run: StackRun): readonly Record<string, unknown>[] {
  return run.resources
    .filter(({ type }) => type.startsWith('kubernetes:'))
    .toSorted((a, b) => order(a).localeCompare(order(b)))
    .map(({ inputs }) => withoutSecrets(inputs) as Record<string, unknown>);
}

function order({ type, name }: Registered): string {
  return `${type} ${name}`;
}

/** Replaces every value that Pulumi was told is secret. */
function withoutSecrets(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Object.hasOwn(value, SECRET_MARKER)) return HIDDEN;
  if (Array.isArray(value)) return value.map(withoutSecrets);
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([key, inner]) => [key, withoutSecrets(inner)]),
  );
}

/** The text of a golden file: a YAML document per object, then the outputs. */
export function goldenText(run: StackRun): string {
  const documents = objectsOf(run).map((object) => stringify(object, { lineWidth: 0 }));
  return [...documents, stringify({ outputs: run.shownOutputs }, { lineWidth: 0 })].join('---\n');
}
