import type { types } from '@pulumi/kubernetes';

/** Files that the router finds in its pod, read-only: a volume, the folder where it lies, and the settings that name its files. */
export interface Mount {
  /** Name of the volume. */
  readonly name: string;
  /** Where the files come from. */
  readonly source: Omit<types.input.core.v1.Volume, 'name'>;
  readonly folder: string;
  /** Settings of the router process, each with the path of a file; none for the code, which the command names. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Files of a volume in a folder. `files` holds the name of each by the setting that tells its path to the router. */
export function mountOf(
  { folder, name, source }: Omit<Mount, 'settings'>,
  files: Readonly<Record<string, string>>,
): Mount {
  const paths = Object.entries(files).map(([setting, file]) => [setting, `${folder}/${file}`]);
  return { name, source, folder, settings: Object.fromEntries(paths) };
}
