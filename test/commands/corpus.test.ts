import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { printManifest } from '../../src/commands/corpus.ts'
import { writeConversation } from '../corpus/corpora.ts'
import { exampleRows } from '../corpus/rows.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { root } from '../support/shared.ts'
import { useTemporaryFolders } from '../support/temporary-folder.ts'

const makeFolder = useTemporaryFolders()

describe('corpus manifest', () => {
  it('prints the manifest of the files that patterns fit, and says what they were found to be', async () => {
    const folder = await makeFolder()
    await mkdir(join(folder, 'may'))
    const spans = [exampleRows.langfuse, { id: 'o-2', trace_id: 't', type: 'SPAN' }]
    await writeFile(join(folder, 'may', 'b.jsonl.gz'), gzipSync(writeConversation('b', 2)))
    await writeFile(join(folder, 'may', 'a.jsonl'), spans.map((row) => JSON.stringify(row)).join('\n'))
    const log = createRecordingLog()
    const printed: string[] = []
    await printManifest(
      { name: 'support', folder, paths: ['**/*.{jsonl,jsonl.gz}'], rubrics: root },
      log,
      (text) => printed.push(text),
    )
    expect(JSON.parse(printed.join(''))).toMatchObject({
      version: 1,
      name: 'support',
      files: [
        { path: 'may/a.jsonl', shape: 'langfuse', conversations: 1, turns: 1, left_out: 1 },
        { path: 'may/b.jsonl.gz', conversations: 1, turns: 2 },
      ],
    })
    expect(log.lines).toEqual([
      'info: may/a.jsonl: JSON lines by its name, Langfuse observations by its first row; 1 conversation, 1 turn, 1 left out (no model call: 1)',
      "info: may/b.jsonl.gz: JSON lines, gzip by its name, the gate's own conversations by its first row; 1 conversation, 2 turns",
    ])
  })
})
