import { GateError } from '../../errors.ts'
import { checkShape } from '../../policy/document.ts'
import type { CorpusThread } from '../corpus-thread.ts'
import { verifyDigest } from '../digest.ts'
import { type CorpusLimits, corpusLimits } from '../limits.ts'
import { splitLines } from '../lines.ts'
import type { ListedConversation } from '../listing.ts'
import type { Manifest } from '../manifest.ts'
import type { CorpusFiles } from '../readers/reader.ts'
import { listBlock, parseBlock } from './block.ts'
import { fileSchema, headerSchema, type IndexedFile, indexVersion } from './format.ts'

/**
 * Lists the conversations of a corpus from its index, and checks at its end that it is the one that the manifest
 * names. Nothing of it may be used before. `keys` are those of the metadata that are wanted.
 * @throws GateError for a file that is no index, an index of another version or corpus, or one of other files
 */
export async function* listFromIndex(request: {
  manifest: Manifest
  index: NonNullable<Manifest['index']>
  files: CorpusFiles
  keys: readonly string[]
  limits?: CorpusLimits
  /** What digests the index; without it, this thread. */
  thread?: CorpusThread | undefined
}): AsyncGenerator<Iterable<ListedConversation>> {
  const { manifest, index, files, keys, limits = corpusLimits, thread } = request
  const place = { file: index.path, line: 1 }
  const texts = verifyDigest(
    {
      file: index.path,
      bytes: files.openCorpusFile(index.path),
      sha256: index.sha256,
      remedy: staleRemedy,
      thread,
    },
    (bytes) => splitLines({ bytes, place, longest: limits.row }),
  )
  let file = 0
  let begun = false
  let seen = { conversations: 0, turns: 0 }
  for await (const lines of texts) {
    for (const { number, text } of lines) {
      const where = { file: index.path, line: number }
      const line = parseLine(text, where)
      if (!begun) {
        checkHeader({ line, manifest, where })
        begun = true
      } else if (typeof line === 'object' && line !== null && 'file' in line) {
        checkFile({ entry: manifest.files[file], line, seen, where })
        seen = { conversations: 0, turns: 0 }
        file += 1
      } else {
        const block = parseBlock(line)
        if (block?.of !== file) throw refuseIndex(where, 'the line is none of an index')
        seen.conversations += block.ids.length
        for (const at of block.turns.at) seen.turns += block.turns.values[at]?.length ?? 0
        yield listBlock(block, keys)
      }
    }
  }
  if (!begun || file !== manifest.files.length) {
    throw refuseIndex({ file: index.path }, 'the index does not have all files of the manifest')
  }
}

const staleRemedy =
  'restore the index that the manifest describes, or write index and manifest anew (`corpus index`) and have them reviewed'

function parseLine(text: string, where: { file: string; line: number }): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw refuseIndex(where, 'the line is not JSON', cause)
  }
}

function checkHeader(request: {
  line: unknown
  manifest: Manifest
  where: { file: string; line: number }
}): void {
  const { line, manifest, where } = request
  const header = checkShape(headerSchema, line)
  if (header.kind !== 'fits') throw refuseIndex(where, 'the file is no index of a corpus')
  const { version, corpus } = header.value
  if (version !== indexVersion) {
    throw refuseIndex(
      where,
      `the index is of version ${version}, and this gate reads version ${indexVersion}`,
    )
  }
  if (corpus !== manifest.name) {
    throw refuseIndex(where, `the index is of another corpus than "${manifest.name}"`)
  }
}

function checkFile(request: {
  entry: Manifest['files'][number] | undefined
  line: object
  seen: { conversations: number; turns: number }
  where: { file: string; line: number }
}): void {
  const { entry, line, seen, where } = request
  const checked = checkShape(fileSchema, line)
  if (checked.kind !== 'fits') throw refuseIndex(where, 'the line is none of an index')
  const said: IndexedFile = checked.value
  const problem = findStale(entry, said)
  if (problem !== null) throw refuseIndex(where, problem)
  if (seen.conversations !== said.conversations || seen.turns !== said.turns) {
    throw refuseIndex(
      where,
      `the index lists ${seen.conversations} conversations and says ${said.conversations}`,
    )
  }
}

function findStale(entry: Manifest['files'][number] | undefined, said: IndexedFile): string | null {
  if (entry === undefined || entry.path !== said.file) return 'the index is of other files than the manifest'
  if (entry.sha256 !== said.sha256) return `the index is stale: it is of another "${entry.path}"`
  const { conversations, turns } = entry
  return conversations === said.conversations && turns === said.turns
    ? null
    : `the index counts other conversations or turns of "${entry.path}" than the manifest`
}

function refuseIndex(where: { file: string; line?: number }, message: string, cause?: unknown): GateError {
  return new GateError({ code: 'corpus', message, where, remedy: staleRemedy, cause })
}
