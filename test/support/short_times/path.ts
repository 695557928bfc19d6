import { fileURLToPath } from 'node:url';

/** Loaded before a router process that is to end idle tasks within seconds. */
export const SHORT_TIMES = fileURLToPath(new URL('hook.ts', import.meta.url));
