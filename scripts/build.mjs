// Bundles the two entries into dist/, byte for byte the same from the same sources. What an entry imports only when it is
// needed lies in files of its own, dist/parts/: to read it would take longer than to start.
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { build } from 'esbuild'

const shared = {
  bundle: true,
  outdir: 'dist',
  splitting: true,
  chunkNames: 'parts/[name]-[hash]',
  platform: 'node',
  format: 'esm',
  charset: 'utf8',
  legalComments: 'none',
  sourcemap: false,
  metafile: true,
  // The bundle names its sources by path: the same ones when node_modules is a link to a shared folder.
  preserveSymlinks: true,
  logLevel: 'warning',
  // Some dependencies are CommonJS and call require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
}

await rm('dist', { recursive: true, force: true })
const action = await build({
  ...shared,
  entryPoints: { index: 'src/main.ts' },
  target: 'node24',
})
const cli = await build({
  ...shared,
  entryPoints: { cli: 'src/cli.ts' },
  target: 'node20',
  banner: { js: `#!/usr/bin/env node\n${shared.banner.js}` },
})
await writeFile('dist/licenses.txt', await collectLicences([action.metafile, cli.metafile]))
await writeFile('dist/package.json', '{"type":"module"}\n')

// The notices of every package whose code is really in a bundle; packages with the same text share it.
async function collectLicences(metafiles) {
  const folders = new Set()
  for (const path of metafiles.flatMap((metafile) => Object.keys(metafile.inputs))) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)
    if (match) folders.add(match[1])
  }
  const packagesByText = new Map()
  for (const folder of [...folders].sort()) {
    const manifest = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'))
    const names = (await readdir(folder)).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file)).sort()
    const texts = await Promise.all(names.map((file) => readFile(`${folder}/${file}`, 'utf8')))
    const text =
      texts.length > 0 ? texts.map((part) => part.trim()).join('\n\n') : '(no licence file in the package)'
    const name = `${manifest.name}@${manifest.version} (${manifest.license})`
    packagesByText.set(text, [...(packagesByText.get(text) ?? []), name])
  }
  return [...packagesByText]
    .map(([text, packages]) => `${[...new Set(packages)].sort().join('\n')}\n${'-'.repeat(60)}\n${text}\n`)
    .sort()
    .join('\n')
}
