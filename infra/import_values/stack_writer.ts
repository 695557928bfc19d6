import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { isMap, parseDocument, YAMLMap } from 'yaml';

/**
 * Adds config to a stack file; what the file says already stays, comments and encrypted values too.
 *
 * @returns paths that the file had already, with another value or the same.
 */
export function addToStackFile(
  path: string,
  project: string,
  config: Readonly<Record<string, unknown>>,
): string[] {
  const document = parseDocument(existsSync(path) ? readFileSync(path, 'utf8') : '');
  const kept: string[] = [];
  for (const [section, value] of Object.entries(config)) {
    add(document, ['config', `${project}:${section}`], value, kept);
  }
  writeFileSync(path, document.toString({ lineWidth: 0 }));
  return kept;
}

type StackDocument = ReturnType<typeof parseDocument>;

function add(
  document: StackDocument,
  path: readonly string[],
  value: unknown,
  kept: string[],
): void {
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
  const existing = document.getIn(path, true);
  if (isGroup && (existing === undefined || isMap(existing))) {
    if (existing === undefined) document.setIn(path, new YAMLMap());
    for (const [key, inner] of Object.entries(value)) add(document, [...path, key], inner, kept);
    return;
  }
  if (existing === undefined) {
    document.setIn(path, document.createNode(value));
    return;
  }
  const [, section = '', ...keys] = path;
  kept.push([section.slice(section.indexOf(':') + 1), ...keys].join('.'));
}
