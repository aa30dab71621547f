// Writes the demo's corpus beside this file: conversations.jsonl and manifest.json.
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildCorpus } from './build.ts'

const { conversations, jsonl, manifest } = buildCorpus()
writeFileSync(resolve(import.meta.dirname, 'conversations.jsonl'), jsonl)
writeFileSync(resolve(import.meta.dirname, 'manifest.json'), manifest)
console.log(`${conversations.length} conversations, ${Buffer.byteLength(jsonl)} bytes`)
