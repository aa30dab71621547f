import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from '@jest/globals'
import { printIndexedManifest, printManifest } from '../../src/commands/corpus.ts'
import { writeConversation } from '../corpus/corpora.ts'
import { exampleRows } from '../corpus/rows.ts'
import { createRecordingLog } from '../fakes/recording-log.ts'
import { takeRefusal } from '../support/refusal.ts'
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

describe('corpus index', () => {
  async function index(
    more: { index?: string; consent?: 'required'; tombstones?: string } = {},
    text = writeConversation('a', 2),
  ) {
    const folder = await makeFolder()
    await writeFile(join(folder, 'a.jsonl'), text)
    const log = createRecordingLog()
    const printed: string[] = []
    const words = {
      name: 'support',
      folder,
      paths: ['*.jsonl'],
      rubrics: root,
      index: 'support.index',
      ...more,
    }
    const run = () => printIndexedManifest(words, log, (line) => printed.push(line))
    return { folder, log, printed, run }
  }

  it('writes the index beside the corpus, and prints the manifest that names it', async () => {
    const { folder, log, printed, run } = await index({
      index: 'sub/i.jsonl',
      consent: 'required',
      tombstones: 'gone.txt',
    })
    await run()
    const written = await readFile(join(folder, 'sub/i.jsonl'))
    expect(JSON.parse(printed.join(''))).toMatchObject({
      name: 'support',
      files: [{ path: 'a.jsonl', conversations: 1, turns: 2 }],
      index: { path: 'sub/i.jsonl', sha256: createHash('sha256').update(written).digest('hex') },
      consent: 'required',
      tombstones: 'gone.txt',
    })
    expect(log.lines.at(-1)).toBe('info: sub/i.jsonl: the index; keep it where the corpus is')
    expect(await readdir(join(folder, 'sub'))).toEqual(['i.jsonl'])
  })

  it('leaves nothing where the corpus is refused, and the index that was there', async () => {
    const { folder, printed, run } = await index({}, '{"id": "a"}')
    await writeFile(join(folder, 'support.index'), 'the old one')
    expect((await takeRefusal(run)).where).toMatchObject({ file: 'a.jsonl', line: 1 })
    expect(await readdir(folder)).toEqual(['a.jsonl', 'support.index'])
    expect(await readFile(join(folder, 'support.index'), 'utf8')).toBe('the old one')
    expect(printed).toEqual([])
  })

  it('says where it can not write', async () => {
    const { run } = await index({ index: 'a.jsonl/x' })
    const error = await takeRefusal(run)
    expect(error).toMatchObject({ code: 'corpus', where: { file: 'a.jsonl/x' } })
    expect(error.message).toMatch(/^the index can't be written \(E/)
  })
})
