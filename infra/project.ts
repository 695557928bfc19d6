import { fileURLToPath } from 'node:url';

/** Name of the Pulumi project, which is the prefix of its keys in stack files. */
export const PROJECT = 'task-traffic-router';

/** Folder of the repository, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../', import.meta.url));
