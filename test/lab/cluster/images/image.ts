import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A container image made of files of this machine; no registry is asked. */
export interface Image {
  /** As pods name it, for example `node:24-alpine`. */
  readonly reference: string;
  /** Executables: path in the image → path on this machine. The libraries that `ldd` names come along. */
  readonly executables: Readonly<Record<string, string>>;
  /** Text files: path in the image → content. */
  readonly files: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The Node of the `node` dev dependency: the one that runs the tests also runs in the pods. */
function nodeExecutable(): string {
  const require = createRequire(import.meta.url);
  return join(dirname(require.resolve('node/package.json')), 'bin', 'node');
}

/** An image with Node, in the place of the official one of this name; it has no shell and no npm. */
export function nodeImage(reference: string): Image {
  return {
    reference,
    executables: { '/usr/local/bin/node': nodeExecutable() },
    files: {
      '/etc/passwd':
        'root:x:0:0:root:/root:/sbin/nologin\nnode:x:1000:1000:node:/tmp:/sbin/nologin\n',
      '/etc/group': 'root:x:0:\nnode:x:1000:\n',
    },
    entrypoint: ['/usr/local/bin/node'],
    environment: { PATH },
  };
}

/** The image of a pod's `pause`. */
export function pauseImage(reference: string, executable: string): Image {
  return {
    reference,
    executables: { '/pause': executable },
    files: {},
    entrypoint: ['/pause'],
    environment: { PATH },
  };
}
