import type { OnProgress } from '../tools/tool.ts';
import { preparePython, type NoPython } from './python_environment.ts';

/** Packages that a ClearML task on this machine runs with, from PyPI. */
const PACKAGES = { clearml: '2.1.12', 'clearml-session': '0.17.0' } as const;

/** A Python that has the real ClearML SDK. */
export interface Sdk {
  readonly python: string;
  /** Version of the `clearml` package. */
  readonly version: string;
}

/** Finds or installs the ClearML SDK; see `preparePython`. */
export async function prepareSdk(options: {
  readonly onProgress: OnProgress;
}): Promise<Sdk | NoPython> {
  const found = await preparePython(
    { name: 'clearml-sdk', title: 'ClearML SDK', packages: PACKAGES, oldestPython: [3, 8] },
    options.onProgress,
  );
  return 'absent' in found ? found : { ...found, version: PACKAGES.clearml };
}
