import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Files that tools read from a folder that they are started in, all pointing elsewhere. */
export function listPlantedFiles(elsewhere: string): Record<string, string> {
  const loaded = `require('node:fs').writeFileSync(__dirname + '/was-loaded', '')\n`
  const packages = [
    'openai',
    'undici',
    'dotenv',
    'zod',
    'yaml',
    'ws',
    '@actions/core',
    '@actions/artifact',
    '@azure/storage-blob',
  ]
  const variables = [
    'CHECKPOINT_GATE_KEY_JUDGE=sk-planted',
    `OPENAI_BASE_URL=${elsewhere}/v1`,
    ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'].map(
      (name) => `${name}=${elsewhere}`,
    ),
    'NO_PROXY=',
    'NODE_USE_ENV_PROXY=1',
    'NODE_OPTIONS=--require ./planted.cjs',
    'NODE_PATH=./node_modules',
    `GITHUB_API_URL=${elsewhere}`,
    `ACTIONS_RESULTS_URL=${elsewhere}/`,
  ]
  return {
    '.env': `${variables.join('\n')}\n`,
    '.env.local': `${variables.join('\n')}\n`,
    '.npmrc': `proxy=${elsewhere}\nhttps-proxy=${elsewhere}\nnode-options=--require ./planted.cjs\nregistry=${elsewhere}\n`,
    'package.json': '{ "type": "commonjs", "main": "planted.cjs", "imports": { "#*": "./planted.cjs" } }',
    'node.config.json': '{ "nodeOptions": { "require": ["./planted.cjs"] } }',
    'planted.cjs': loaded,
    'index.js': loaded,
    ...Object.fromEntries(
      packages.flatMap((name) => [
        [
          `node_modules/${name}/package.json`,
          `{ "name": "${name}", "version": "99.0.0", "main": "index.js" }`,
        ],
        [`node_modules/${name}/index.js`, loaded],
      ]),
    ),
  }
}

/** Writes files into a folder, and the folders that they need. */
export async function plant(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}
