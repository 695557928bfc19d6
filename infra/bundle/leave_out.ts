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
    // The second copy of the HTTP parser, for processors without SIMD: Node 24 has none of them among its images.
    module: /[\\/]undici[\\/]lib[\\/]llhttp[\\/]llhttp-wasm\.js$/,
    contents: 'module.exports = require("./llhttp_simd-wasm.js");',
  },
  {
    // Turns a FormData into a body; the router passes streams on and makes none.
    module: /[\\/]undici[\\/]lib[\\/]web[\\/]fetch[\\/]body\.js$/,
    contents: 'exports.extractBody = () => { throw new TypeError("FormData is left out"); };',
  },
  {
    // The question whether a body is a FormData, for which undici loads half of fetch. None ever is.
    module: /[\\/]undici[\\/]lib[\\/]web[\\/](fetch[\\/]formdata|webidl[\\/]index)\.js$/,
    contents: 'exports.webidl = { is: { FormData: () => false } };',
  },
  {
    // HTTP/2 to upstreams, which is never asked for: tasks speak HTTP/1.1.
    module: /[\\/]undici[\\/]lib[\\/]dispatcher[\\/]client-h2\.js$/,
    contents: 'module.exports = () => { throw new Error("HTTP/2 upstreams are not supported"); };',
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
