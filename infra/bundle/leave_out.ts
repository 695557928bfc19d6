import type { Plugin } from 'esbuild';

/** A module of a dependency that the router never runs, and what stands in for it. */
interface Substitute {
  readonly module: RegExp;
  readonly contents: string;
}

const substitutes: readonly Substitute[] = [
  {
    // Texts of errors in fifty languages.
    module: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/,
    contents: 'export { default as en } from "./en.js";',
  },
  {
    // pino's transports in worker threads; the log is written by the process itself.
    module: /[\\/]thread-stream[\\/]index\.js$/,
    contents:
      'module.exports = class { constructor() { throw new Error("no log transports here"); } };',
  },
  {
    // Debug lines of http-proxy, which would go around the log.
    module: /[\\/]debug[\\/]src[\\/]index\.js$/,
    contents: 'module.exports = () => Object.assign(() => {}, { enabled: false });',
  },
  {
    // Redirects followed by the proxy itself: an option of http-proxy that would let a task choose an upstream.
    module: /[\\/]follow-redirects[\\/]index\.js$/,
    contents: 'module.exports = { http: {}, https: {} };',
  },
  {
    // prom-client asks it for trace ids of exemplars, which are off.
    module: /[\\/]@opentelemetry[\\/]api[\\/]build[\\/].*index\.js$/,
    contents: 'module.exports = {};',
  },
];

/** Keeps the bundle small: a ConfigMap holds 1 MiB, and every replica reads it whole. */
export const leaveOut: Plugin = {
  name: 'leave-out',
  setup(build) {
    for (const { module, contents } of substitutes) {
      build.onLoad({ filter: module }, () => ({ contents, loader: 'js' }));
    }
  },
};
