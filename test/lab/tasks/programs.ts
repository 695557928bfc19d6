import { join } from 'node:path';
import { build } from 'esbuild';

/** The sample tasks: a web app on `PORT` (default 8080), a TCP service on `PORT` (default 7000). */
export type SampleProgram = 'web_app' | 'line_echo';

/** The text of a sample task, as `programText` gives it. */
export function sampleProgram(name: SampleProgram): Promise<string> {
  return programText(join(import.meta.dirname, `${name}.ts`));
}

/** The text of a program as one CommonJS file without dependencies, for `node <file>.cjs` in a plain Node image. */
export async function programText(path: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    // Native speed-ups of ws, which it does without.
    external: ['bufferutil', 'utf-8-validate'],
    legalComments: 'inline',
    write: false,
    logLevel: 'silent',
  });
  return outputFiles.map((file) => file.text).join('\n');
}
