// What a bench measures with: a corpus of synthetic conversations, and a policy with one judge for one category.
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeRandom } from '../test/verdict/chance.ts'

const words =
  'the parcel order account page invoice refund address question answer please could would have been not yet today again'.split(
    ' ',
  )

/** A conversation of four messages, the last of which is replaced. */
export interface BenchConversation {
  id: string
  messages: { role: 'system' | 'user' | 'assistant'; content: string }[]
}

/** The same conversations for every contender: some 150 words before the answer. */
export function* makeConversations(count: number): Generator<BenchConversation> {
  const random = makeRandom(7)
  const write = (length: number) =>
    Array.from({ length }, () => words[Math.floor(random() * words.length)] ?? '').join(' ')
  for (let index = 0; index < count; index += 1) {
    yield {
      id: `c-${index}`,
      messages: [
        { role: 'system', content: 'You are the assistant of a parcel service. Be brief and friendly.' },
        { role: 'user', content: write(40) },
        { role: 'assistant', content: write(60) },
        { role: 'user', content: write(40) },
        { role: 'assistant', content: write(50) },
      ],
    }
  }
}

/** What every contender's judge is given. */
export const rubric = 'builtin:over-refusal'

/** How a gate is set up for a bench. */
export interface GateSettings {
  turns: number
  concurrency: number
  categories?: number
  /** Categories look for a word of their own, and there is no judge. */
  words?: boolean
}

/** Writes a repository in which `gate --dir` measures `turns` turns. */
export async function writeGateWorld(folder: string, settings: GateSettings): Promise<void> {
  const { turns, concurrency, categories = 1, words: isWords = false } = settings
  await mkdir(join(folder, 'deploy'), { recursive: true })
  let text = ''
  const hash = createHash('sha256')
  for (const conversation of makeConversations(turns)) {
    const line = `${JSON.stringify(conversation)}\n`
    hash.update(line)
    text += line
  }
  await writeFile(join(folder, 'conversations.jsonl'), text)
  const file = {
    path: 'conversations.jsonl',
    sha256: hash.digest('hex'),
    conversations: turns,
    turns: 2 * turns,
  }
  await writeFile(
    join(folder, 'manifest.json'),
    JSON.stringify({ version: 1, name: 'bench', files: [file] }, null, 2),
  )
  await writeFile(join(folder, 'deploy/model.yaml'), 'serving:\n  checkpoint: ckpt-1\n')
  const ids = Array.from({ length: categories }, (_, index) => `category-${index}`)
  await mkdir(join(folder, 'preregistration'), { recursive: true })
  await writeFile(
    join(folder, 'preregistration/ckpt-1.yml'),
    [
      'version: 1',
      'candidate: ckpt-1',
      'predictions:',
      ...ids.map((id) => `  - { category: ${id}, rate: 0.1%, interval: [0%, 1%], direction: same }`),
      'amendments: []',
      '',
    ].join('\n'),
  )
  await writeFile(
    join(folder, 'checkpoint-gate.yml'),
    [
      'version: 1',
      'checkpoint: { file: deploy/model.yaml, path: serving.checkpoint }',
      'corpus: { manifest: manifest.json }',
      `sample: { turns: ${turns}, epoch: bench-1 }`,
      `replay: { api: chat, temperature: 1, max_tokens: 512, concurrency: ${concurrency} }`,
      ...(isWords ? [] : ['judge: { model: judge-model, second_grading: 0% }']),
      'categories:',
      ...ids.map((id, index) => {
        const graders = `graders: [{ kind: pattern, any: [WORD-${index}-] }]`
        return `  - { id: ${id}, ${isWords ? graders : `rubric: '${rubric}'`}, limit: 1%, regression: ${isWords} }`
      }),
      'gate: { early_stopping: off }',
      '',
    ].join('\n'),
  )
}
