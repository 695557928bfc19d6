import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A `pulumi config set` that a text of the project tells its reader to run. */
export interface SetCommand {
  /** File and line, for a person. */
  readonly where: string;
  /** As it stands, without what a shell reads into it. */
  readonly line: string;
  /** Names of its flags, without the dashes. */
  readonly flags: readonly string[];
  readonly key: string;
  /** Undefined where the CLI asks for it, or reads it from a file. */
  readonly value: string | undefined;
}

/** Every page of the project, by its path from the root, and its text. */
export function pages(): ReadonlyMap<string, string> {
  const pagesIn = (folder: string): string[] =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md'))
      .map((file) => `${folder}/${file}`);
  const files = ['README.md', ...['.github', 'infra', 'router', 'test'].flatMap(pagesIn)];
  return new Map(files.toSorted().map((file) => [file, readFileSync(root + file, 'utf8')]));
}

/** Every such command of README, pages, examples, reference and messages; those that a program puts together are left out. */
export function setCommands(): readonly SetCommand[] {
  const below = readdirSync(`${root}infra`, { recursive: true, encoding: 'utf8' });
  const files = ['README.md', ...below.map((file) => `infra/${file}`)];
  return files
    .filter((file) => /\.(md|ts|yaml|json)$/.test(file))
    .toSorted()
    .flatMap((file) => commandsOf(file, readFileSync(root + file, 'utf8')));
}

/** The command, up to what ends it in a sentence, a string of a program, or by the shell's redirection. */
const COMMAND = /pulumi config set((?: (?:'[^'\n]*'|[^\s'"`(),;<]+))+)/g;

/** @param file path from the root of the repository. */
export function commandsOf(file: string, text: string): SetCommand[] {
  return text.split('\n').flatMap((line, index) =>
    [...line.matchAll(COMMAND)].flatMap(([command, rest = '']): SetCommand[] => {
      if (rest.includes('${')) return [];
      const words = [...rest.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word);
      const flags = words.filter((word) => word.startsWith('--')).map((flag) => flag.slice(2));
      const [key = '', value] = words.filter((word) => !word.startsWith('--'));
      return [{ where: `${file}:${index + 1}`, line: command, flags, key, value }];
    }),
  );
}
