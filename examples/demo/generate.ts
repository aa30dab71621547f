// Writes the demo's corpus beside this file: conversations.jsonl, trajectories.jsonl and manifest.json.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildCorpus } from './build.ts'

const { conversations, files, manifest } = buildCorpus()
for (const [path, jsonl] of Object.entries(files)) writeFileSync(resolve(import.meta.dirname, path), jsonl)
writeFileSync(resolve(import.meta.dirname, 'manifest.json'), manifest)
console.log(`${conversations.length} conversations`)
