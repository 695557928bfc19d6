import { mkdir, writeFile } from 'node:fs/promises';

import { ROOT } from '../project.ts';
import { bundleRouter } from './bundle.ts';

const directory = `${ROOT}dist/`;

/** `npm run bundle`: the router as one file, for an image of one's own or to run it without a cluster. */
const code = await bundleRouter();
await mkdir(directory, { recursive: true });
await writeFile(`${directory}router.cjs`, code);
process.stdout.write(`dist/router.cjs: ${code.length} bytes\n`);
