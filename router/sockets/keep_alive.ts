/** Silence on a connection after which the kernel begins to ask whether the other end is still there. */
export const KEEP_ALIVE_DELAY_MS = 60_000;
