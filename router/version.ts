import manifest from '../package.json' with { type: 'json' };

/** The version of the router, by Semantic Versioning; the bundle carries it. */
export const VERSION: string = manifest.version;
