import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'
import { createFiles } from '../../src/adapters/files.ts'
import { parseManifest } from '../../src/corpus/manifest.ts'
import { readCorpus } from '../../src/corpus/read.ts'
import { collectCalls } from '../../src/tools/calls.ts'
import { describeWithShared, root, sharedPath } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const run = promisify(execFile)
const makeFolder = useTemporaryFolders()

describeWithShared('a converter of conversations with tools, on the command line', () => {
  it.each([
    ['tau-bench', 'tau-bench', 150, 862, 0],
    ['sgd', 'sgd', 768, 1257, 768],
    ['tm4', 'taskmaster', 710, 2943, 0],
    ['bfcl', 'bfcl', 498, 258, 498],
  ])(
    'writes a corpus that the gate reads, and always the same: %s',
    async (name, source, conversations, calls, offered) => {
      const script = join(root, 'examples', 'real-data', `convert-${name}.ts`)
      const convert = async () => {
        const folder = await makeFolder()
        await run(process.execPath, ['--no-warnings', script, sharedPath(`data/${source}`), folder])
        const text = await readFile(join(folder, 'manifest.json'), 'utf8')
        return { folder, manifest: parseManifest({ file: 'manifest.json', text }) }
      }
      const { folder, manifest } = await convert()
      const found = { conversations: 0, calls: 0, offered: 0 }
      for await (const conversation of readCorpus(manifest, createFiles({ corpus: folder, rubrics: root }))) {
        found.conversations += 1
        found.calls += collectCalls(conversation).calls.length
        if (conversation.tools !== undefined) found.offered += 1
      }
      expect(found).toEqual({ conversations, calls, offered })
      expect((await convert()).manifest).toEqual(manifest)
    },
  )
})
