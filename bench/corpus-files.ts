import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import zlib from 'node:zlib'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import type { Conversation } from '../src/corpus/conversation.ts'
import { messageList, struct, text } from '../test/corpus/tables.ts'
import { makeRandom } from '../test/verdict/chance.ts'
import { corpusFiles } from './corpus-task.ts'

const rowGroup = 1000

/**
 * Conversations that are made up: one to five questions with answers of words as frequent as words are (Zipf), with what
 * chats have of line ends, quotes, lists and letters beyond ASCII; 1.5 KB a line on average.
 */
function* converse(count: number): Generator<Conversation> {
  const random = makeRandom(7)
  const words = Array.from({ length: 6000 }, () => makeWord(random))
  const sentences = Array.from({ length: 20_000 }, () => makeSentence(words, random))
  const pick = <Value>(values: readonly Value[]) => values[Math.floor(random() * values.length)] as Value
  const write = (most: number) => {
    const parts = Array.from({ length: 1 + Math.floor(random() * most) }, () => pick(sentences))
    return parts.join(random() < 0.3 ? '\n\n- ' : ' ')
  }
  for (let index = 0; index < count; index += 1) {
    const answers = 1 + Math.floor(5 * random() * random())
    const messages: Conversation['messages'] = []
    if (random() < 0.2)
      messages.push({ role: 'system', content: 'You are the assistant of a shop. Be brief.' })
    for (let turn = 0; turn < answers; turn += 1) {
      messages.push({ role: 'user', content: write(3) }, { role: 'assistant', content: write(10) })
    }
    yield {
      id: `conversation-${index.toString(36)}-${Math.floor(random() * 2 ** 32).toString(36)}`,
      messages,
      metadata: { surface: pick(['chat', 'phone', 'mail']), language: pick(['en', 'en', 'de', 'zh']) },
      expires_at: pick(['2026-11-01T00:00:00Z', '2027-06-01T00:00:00Z', '2027-07-01T00:00:00Z']),
      consent: random() < 0.98,
    }
  }
}

function makeWord(random: () => number): string {
  const letters = random() < 0.05 ? 'äöüßéñçøłžšあいう你好世界' : 'etaoinshrdlucmfwypvbgk'
  return Array.from(
    { length: 1 + Math.floor(9 * random()) },
    () => [...letters][Math.floor(random() * [...letters].length)] as string,
  ).join('')
}

function makeSentence(words: readonly string[], random: () => number): string {
  const zipf = () => words[Math.floor(words.length ** random()) - 1] ?? 'the'
  const sentence = Array.from({ length: 4 + Math.floor(16 * random()) }, zipf).join(' ')
  return random() < 0.1 ? `"${sentence}", she said.` : `${sentence}.`
}

/** Writes a corpus in each format. */
export async function writeCorpus(folder: string, count: number): Promise<void> {
  const outputs = [
    { stream: null, file: createWriteStream(join(folder, corpusFiles.plain)) },
    { stream: zlib.createGzip(), file: createWriteStream(join(folder, corpusFiles.gzip)) },
    { stream: zlib.createZstdCompress(), file: createWriteStream(join(folder, corpusFiles.zstd)) },
  ]
  for (const { stream, file } of outputs) stream?.pipe(file)
  const writeAll = async (bytes: Buffer) => {
    const full = outputs.map(({ stream, file }) => stream ?? file).filter((target) => !target.write(bytes))
    await Promise.all(full.map((target) => once(target, 'drain')))
  }
  const table = createTable(join(folder, corpusFiles.parquet))
  let rows: Conversation[] = []
  const flush = async () => {
    await writeAll(Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join('')))
    await table.write(rows)
    rows = []
  }
  for (const row of converse(count)) {
    rows.push(row)
    if (rows.length === rowGroup) await flush()
  }
  if (rows.length > 0) await flush()
  for (const { stream, file } of outputs) {
    ;(stream ?? file).end()
    await finished(file)
  }
  await table.finish()
}

function createTable(file: string) {
  const writer = new ParquetWriter({
    writer: fileWriter(file),
    schema: [
      { name: 'root', num_children: 5 },
      text('id'),
      ...messageList('messages'),
      ...struct('metadata', [[text('surface')], [text('language')]]),
      text('expires_at'),
      { name: 'consent', type: 'BOOLEAN', repetition_type: 'OPTIONAL' },
    ],
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => zlib.zstdCompressSync(bytes) },
    statistics: false,
  })
  return {
    write: (rows: readonly Conversation[]) =>
      writer.write({
        columnData: (['id', 'messages', 'metadata', 'expires_at', 'consent'] as const).map((name) => ({
          name,
          data: rows.map((row) => row[name]),
        })),
        rowGroupSize: rowGroup,
      }),
    finish: () => writer.finish(),
  }
}
