import { LabError } from '../errors.ts';
import type { OnProgress, Tools, Wants } from './tool.ts';

export interface PrepareOptions {
  /** Installs no system package and downloads no plugin; building from Go modules stays allowed. */
  readonly noInstall: boolean;
  readonly wants: Wants;
  readonly onProgress: OnProgress;
}

/**
 * Finds or makes every program that a run needs, each from the best source that is there.
 *
 * @throws LabError `PREREQUISITES_MISSING` that names all that is missing at once, and what the user can do.
 */
export function prepareTools(options: PrepareOptions): Promise<Tools> {
  return Promise.reject(
    new LabError('PREREQUISITES_MISSING', `not yet available: ${options.wants}`),
  );
}
