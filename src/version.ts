import manifest from '../package.json' with { type: 'json' }

/** The gate's version. */
export const gateVersion: string = manifest.version
