/** How a value is stored: by the CLI's own types, or encrypted. */
export type Storing = 'bool' | 'int' | 'string' | 'secret';

/**
 * The command that stores a value as what it is meant to be. The CLI reads `true` and `5` as no texts unless it is told the type, which
 * it knows by `--type` from 3.148 on.
 *
 * @param value left out for a secret, which the CLI asks for.
 */
export function setCommand(
  path: readonly string[],
  as: Storing,
  value?: string | number | boolean,
): string {
  const flag = as === 'secret' ? '--secret' : `--type ${as}`;
  const end = value === undefined ? '' : ` ${String(value)}`;
  return `pulumi config set ${flag} --path ${keyOf(path)}${end}`;
}

/**
 * The command for a value that stands in quotes in the stack's file. The CLI keeps the quotes of a value that it replaces (`editNodes`
 * of sdk/go/common/util/yamlutil/edit.go in github.com/pulumi/pulumi), and with them a text; so the value is removed first.
 */
export function resetCommand(path: readonly string[], as: Storing, value: string): string {
  return `pulumi config rm --path ${keyOf(path)} && ${setCommand(path, as, value)}`;
}

/** A path as the CLI reads it, in quotes where the shell would read it otherwise. */
function keyOf(path: readonly string[]): string {
  const key = path
    .map((name) => {
      if (/^\d+$/.test(name)) return `[${name}]`;
      return /^[\w-]+$/.test(name) ? `.${name}` : `["${name}"]`;
    })
    .join('')
    .replace(/^\./, '');
  return key.includes('[') ? `'${key}'` : key;
}
