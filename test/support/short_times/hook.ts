/**
 * Loaded before a router process that is to end idle tasks within seconds: these times of its sources are shorter, and all else is as
 * it is. Times of a lease, of timeouts and of what is asked over the network stay, since a busy machine needs them.
 */
import { registerHooks } from 'node:module';

/** What stands in a source, and what is read instead. */
const SHORTER: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  '/router/idle/count.ts': [['SETTLE_MS = 300_000', 'SETTLE_MS = 3_000']],
  '/router/idle/idle_watch.ts': [['TURN_EVERY_MS = 15_000', 'TURN_EVERY_MS = 250']],
  '/router/peers/peers.ts': [['wanted: 5_000, unwanted: 30_000', 'wanted: 250, unwanted: 500']],
  '/router/settings/idle_policy.ts': [
    ['LEAST_SECONDS = 600', 'LEAST_SECONDS = 5'],
    ['.min(60, WARNING)', '.min(1, WARNING)'],
  ],
};

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    const path = Object.keys(SHORTER).find((end) => url.endsWith(end));
    if (path === undefined) return loaded;
    const { source: read = '' } = loaded;
    let source = typeof read === 'string' ? read : new TextDecoder().decode(read);
    for (const [long, short] of SHORTER[path] ?? []) {
      if (!source.includes(long)) throw new Error(`${url} no longer has "${long}"`);
      source = source.replace(long, short);
    }
    return { ...loaded, source };
  },
});
