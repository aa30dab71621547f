import type { Files } from '../ports.ts'
import { findTurns } from './conversation.ts'
import { readVerifiedLines } from './lines.ts'
import type { Manifest } from './manifest.ts'
import { parseConversations } from './read.ts'

/** Reads corpus files once, checking each record, and writes down what they are. */
export async function describeCorpus(request: {
  name: string
  paths: string[]
  files: Files
}): Promise<Manifest> {
  const { name, paths, files } = request
  const ids = new Map<string, string>()
  const entries: Manifest['files'] = []
  for (const path of paths) {
    let sha256 = ''
    const lines = readVerifiedLines({
      file: path,
      bytes: files.openCorpusFile(path),
      sha256: null,
      onDigest: (digest) => {
        sha256 = digest
      },
    })
    const counts = { conversations: 0, turns: 0 }
    for await (const conversation of parseConversations({ file: path, lines, ids })) {
      counts.conversations += 1
      counts.turns += findTurns(conversation).length
    }
    entries.push({ path, sha256, ...counts })
  }
  return { version: 1, name, files: entries }
}
