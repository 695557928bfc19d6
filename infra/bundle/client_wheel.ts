import type { Plugin } from 'esbuild';

import { clientWheel } from '../../router/web/client/client_wheel.ts';
import { VERSION } from '../../router/version.ts';

/** Puts the wheel of the Python package into the bundle: as text, which compresses with the rest of the code. */
export const holdClientWheel: Plugin = {
  name: 'hold-client-wheel',
  setup(build) {
    build.onLoad({ filter: /[\\/]router[\\/]web[\\/]client[\\/]client_wheel\.ts$/ }, () => {
      const { file, bytes } = clientWheel(VERSION);
      const text = JSON.stringify(bytes.toString('latin1'));
      const contents = `const file = ${JSON.stringify(file)}, bytes = Buffer.from(${text}, 'latin1');
export const clientWheel = () => ({ file, bytes });`;
      return { contents, loader: 'js' };
    });
  },
};
