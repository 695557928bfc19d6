import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { bundleRouter } from '../bundle/bundle.ts';
import { ROOT } from '../project.ts';

/**
 * `npm pack` runs it: the component as JavaScript with its types, since Node reads no TypeScript below node_modules, and the router's
 * bundle, where `packed_code.ts` looks for it.
 */
const folder = `${ROOT}dist/package/`;

rmSync(folder, { recursive: true, force: true });
const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(
  'package.json',
  'bin/tsc',
);
const { status } = spawnSync(
  process.execPath,
  [compiler, '--project', `${ROOT}infra/component/tsconfig.json`],
  { stdio: 'inherit' },
);
if (status !== 0) process.exit(status ?? 1);
writeFileSync(`${folder}router.cjs`, await bundleRouter());
