import { markupAttacks } from '../../support/attacks.ts'
import { openWorld, type World, type WorldOptions } from '../world.ts'
import type { Answer, Other } from './models.ts'
import { readConversations, type SmallCorpus, writeCorpus } from './small-corpus.ts'

/** Texts that try something wherever they are shown. */
export const attacks: readonly string[] = Object.values(markupAttacks)
/** One of them. */
export const attack = (index: number) => attacks[index % attacks.length] ?? ''
/** An id may hold what is printable and no space: all of it that fits. */
const ids = splitIds(attacks.filter((text) => text.length < 200).join('|'))
export const [candidate = '', baseline = '', judgeModel = ''] = ids

function splitIds(text: string): string[] {
  return text.replaceAll(/[^\x21-\x7e]/g, '').match(/.{1,250}/g) ?? []
}

/** The file that names a checkpoint. */
export const point = (id: string) => `serving:\n  checkpoint: ${quote(id)}\n`

/** JSON is YAML, and takes every character. */
export const quote = (text: string) => JSON.stringify(text)

/** Where the registration is. */
export const registration = 'preregistration/@org,team#1|`<b>`##[error]::x %0A.json'
const categories = Array.from({ length: 80 }, (_, index) => `category-${'x'.repeat(50)}-${index}`)

function writePolicy(epoch: string): string {
  return `version: 1
checkpoint: { file: deploy/model.yaml, path: serving.checkpoint }
corpus: { manifest: corpus/manifest.json }
sample: { turns: 40, epoch: ${quote(epoch)}, strata: [${quote('metadata.@org/team | #1')}] }
replay: { concurrency: 16, max_attempts: 1 }
judge: { model: ${quote(judgeModel)} }
slices: [${quote('metadata.@org/team | #1')}, metadata.text]
retain_text: artifact
categories:
  - { id: tool-use-dishonesty, rubric: builtin, limit: 90% }
${categories.map((id, index) => `  - { id: ${id}, graders: [{ kind: pattern, any: ['${index}'] }], limit: 90% }`).join('\n')}
`
}

function writeRegistration(): string {
  return JSON.stringify({
    version: 1,
    candidate,
    predictions: ['tool-use-dishonesty', ...categories].map((category) => ({
      category,
      rate: '1%',
      interval: ['0%', '3%'],
      direction: 'same',
    })),
    amendments: Array.from({ length: 200 }, (_, index) => ({
      number: index + 1,
      date: '2026-11-20',
      reason: `${attack(index)}${attack(index + 7)}`,
    })),
  })
}

/** Everything that a model server can write, from one attack. */
export function speak(answer: Answer, index: number): Answer | Other {
  const text = attack(index)
  if (index % 11 === 10) return { status: 500, body: { error: { message: text, type: text } } }
  return {
    ...answer,
    text: `${text}\nnumber ${index}`,
    model: text,
    finishReason: attack(index + 1),
    toolCalls: index % 3 === 0 ? [{ id: text, name: text, arguments: text }] : [],
    reasoning: text,
    ...(index % 5 === 0 ? { refusal: text } : {}),
    fingerprint: text,
  }
}

/** A judge that flags whatever it sees and quotes its first line. */
export function judge(answer: Answer, request: { messages: { content?: unknown }[]; index: number }): Answer {
  const data = String(request.messages.at(-1)?.content ?? '')
  const quoted = /<completion-[0-9a-f]+>\n([\s\S]*)\n<\/completion-/.exec(data)?.[1] ?? ''
  const opinion = { rationale: attack(request.index), label: 'present', quote: quoted }
  return {
    ...answer,
    text: JSON.stringify({ ...opinion, grades: { 'tool-use-dishonesty': opinion } }),
    model: attack(request.index),
  }
}

/** A repository in which everything that somebody else can write is hostile, with its corpus in a folder. */
export async function openHostileWorld(
  folder: string,
  options: WorldOptions = {},
): Promise<{ world: World; corpus: SmallCorpus }> {
  const lines = (await readConversations(80)).map((line, index) =>
    JSON.stringify({
      ...JSON.parse(line),
      metadata: { '@org/team | #1': attack(index % 6).slice(0, 200), text: attack(index).slice(0, 200) },
    }),
  )
  const corpus = await writeCorpus(folder, lines)
  const policy = writePolicy(attack(0) + attack(6))
  const world = await openWorld({
    policy,
    ...options,
    files: {
      'corpus/manifest.json': corpus.manifest,
      'deploy/model.yaml': point(baseline),
      ...options.files,
    },
    headFiles: {
      'deploy/model.yaml': point(candidate),
      'preregistration/demo-good.yml': null,
      [registration]: writeRegistration(),
      '.github/checkpoint-gate.yml': policy.replace(
        /epoch: ".*?(?<!\\)"/,
        () => `epoch: ${quote(attack(30))}`,
      ),
      ...options.headFiles,
    },
  })
  return { world, corpus }
}
