import { existsSync } from 'node:fs';

import { z } from 'zod';

import { run } from '../../command.ts';

/** A Python of this machine that a pod of the lab's own cluster runs with, since the cluster's one node is this machine. */
export interface PythonOfNode {
  readonly executable: string;
  /** Folders that it lives in, which the pod has under the same names. */
  readonly folders: readonly string[];
}

/** Where Linux keeps the loader and the libraries that Python's own modules are linked with. */
const SYSTEM = ['/usr', '/lib', '/lib64'];

const TELL_FOLDERS = 'import json, sys; print(json.dumps([sys.prefix, sys.base_prefix]))';

/** What a pod needs of the Python of a virtual environment: the environment, the Python that it was made with, the system's libraries. */
export async function pythonOfNode(executable: string): Promise<PythonOfNode> {
  const said: unknown = JSON.parse(await run(executable, ['-c', TELL_FOLDERS]));
  const own = z.array(z.string()).parse(said);
  const apart = own.filter((folder) => !`${folder}/`.startsWith('/usr/'));
  return { executable, folders: [...new Set([...SYSTEM.filter(existsSync), ...apart])] };
}
