import { describeCorpus } from '../../src/corpus/describe.ts'
import type { Manifest } from '../../src/corpus/manifest.ts'
import { createMemoryFiles, digest } from './corpora.ts'

/** The manifest of files in memory with an index, which is added to them. */
export async function writeIndexed(
  files: Record<string, Uint8Array | string>,
  more: Pick<Manifest, 'consent' | 'tombstones'> = {},
): Promise<{ manifest: Manifest; files: Record<string, Uint8Array | string> }> {
  let text = ''
  const path = 'support.index.jsonl'
  const manifest = await describeCorpus({
    name: 'support',
    paths: Object.keys(files),
    files: createMemoryFiles(files),
    index: {
      write: async (lines) => {
        text += lines
      },
    },
    more: async () => ({ ...more, index: { path, sha256: digest(text) } }),
  })
  return { manifest, files: { ...files, [path]: text } }
}
