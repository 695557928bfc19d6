import { existsSync, readFileSync, writeFileSync } from 'node:fs';

import { ROOT } from '../project.ts';
import { documents } from './documents.ts';

const folder = `${ROOT}infra/`;

/** `npm run reference`: writes what is made from the config's schema anew. */
for (const { file, content } of documents) {
  const current = existsSync(folder + file) ? readFileSync(folder + file, 'utf8') : '';
  writeFileSync(folder + file, content(current));
}
