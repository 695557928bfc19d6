import { referenceMarkdown } from './markdown.ts';
import { stackFileSchema } from './json_schema.ts';
import { annotatedStackFile } from './annotated_stack_file.ts';

const BEGIN = '<!-- made by npm run reference: begin -->';
const END = '<!-- made by npm run reference: end -->';

/** A file that is made from the schema of the config, relative to `infra/`. */
export interface GeneratedDocument {
  readonly file: string;
  /** What it has to hold, given what it holds now. */
  readonly content: (current: string) => string;
}

/** All files that are made from the schema; a test finds those that lag behind it. */
export const documents: readonly GeneratedDocument[] = [
  { file: 'README.md', content: withReference },
  {
    file: 'config.schema.json',
    content: () => `${JSON.stringify(stackFileSchema(), undefined, 2)}\n`,
  },
  { file: 'Pulumi.annotated.yaml', content: annotatedStackFile },
];

/** Replaces the generated part of the README; the rest is written by people. */
function withReference(readme: string): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin === -1 || end === -1) return `${readme}\n${BEGIN}\n${END}\n`;
  return `${readme.slice(0, begin)}${BEGIN}\n\n${referenceMarkdown()}\n${readme.slice(end)}`;
}
