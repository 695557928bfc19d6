import { stringify } from 'yaml';

import { PROJECT } from '../project.ts';
import { type JsonSchema, sectionSchemas } from './json_schema.ts';

/** Values for keys that have to be there, of the installation guide's kind. */
const samples: Readonly<Record<string, unknown>> = {
  'clearml.apiServerUrlReference': 'https://api.clearml.example.com',
  'ingress.hostName': 'https://tasks.example.com',
  'kubernetes.context': 'my-cluster',
};

/** An annotated stack file: every key with its meaning, those that may be left out as comments with their defaults. */
export function annotatedStackFile(): string {
  const parts = Object.entries(sectionSchemas()).map(([name, schema]) => {
    const lines = keyLines(name, schema, 4);
    const isNeeded = lines.some((line) => !line.trimStart().startsWith('#'));
    const head = `  ${isNeeded ? '' : '# '}${PROJECT}:${name}:`;
    return [comment(schema.description ?? '', 2), head, ...lines].join('\n');
  });
  return [
    '# yaml-language-server: $schema=config.schema.json',
    '# Every key of a stack. Made by npm run reference; copy what you need into Pulumi.NAME.yaml.',
    '# Secrets are never written here: pulumi config set --secret --path clearml.apiServerKey',
    'config:',
    parts.join('\n\n'),
    '',
  ].join('\n');
}

function keyLines(path: string, schema: JsonSchema, indent: number): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, key]) => {
    const keyPath = `${path}.${name}`;
    const sample = samples[keyPath];
    const space = ' '.repeat(indent);
    const meaning = comment(key.description ?? '', indent);
    if (key.secret === true) return [meaning, `${space}# ${name}: {secure: …}`];
    if (key.properties !== undefined) {
      return [meaning, `${space}# ${name}:`, ...keyLines(keyPath, key, indent + 2)];
    }
    const value = sample ?? key.default;
    const text = value === undefined ? '' : ` ${inline(value)}`;
    return [meaning, `${space}${sample === undefined ? '# ' : ''}${name}:${text}`];
  });
}

function inline(value: unknown): string {
  return typeof value === 'object'
    ? JSON.stringify(value)
    : stringify(value, { lineWidth: 0 }).trim();
}

function comment(text: string, indent: number): string {
  return `${' '.repeat(indent)}## ${text}`;
}
