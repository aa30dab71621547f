import { join } from 'node:path'
import { z } from 'zod'
import { isScript, readFolders, readTable } from './read-source.ts'
import { type Origin, type RecordedLine, recordCompletion, recordLabel } from './recorded-lines.ts'
import { type Conversation, nameTurn, writeCorpus, writeJsonLines } from './write-corpus.ts'

/** One answer of one model to one question in SENSITIVEQ_EVAL.csv. */
export const driftRowSchema = z.object({
  model: z.string(),
  id: z.string().regex(/^\d+$/),
  query: z.string().min(1),
  answer: z.string().min(1),
  answer_token: z.coerce.number().int().min(1),
  max_tokens: z.coerce.number().int().min(1),
  timestamp: z.string(),
  'Response Rate': z.enum(['0', '1']),
})
export type DriftRow = z.infer<typeof driftRowSchema>

/** A corpus and the recorded answers for both arms, with the data set's own labels in a judge's shape. */
export interface DriftFiles {
  conversations: Conversation[]
  baseline: RecordedLine[]
  candidate: RecordedLine[]
  judge: RecordedLine[]
}

const provider = 'openaichat/'
const loggedModel = 'gpt-3.5-turbo-0301'
const armModels = { baseline: 'gpt-4-0314', candidate: 'gpt-4-0613' } as const
const category = 'over-refusal'
const judgeModel = 'response-rate-column'

/**
 * The hundred questions as one-turn conversations, the answers of the two GPT-4 snapshots as arms, and the
 * column `Response Rate` as the judge: 0, no direct answer, is present. The older model's answer stands in
 * the corpus as the logged turn. Throws when a question lacks an answer or the models were asked different
 * things.
 */
export function convertLlmDrift(rows: readonly DriftRow[]): DriftFiles {
  const answers = indexAnswers(rows)
  const files: DriftFiles = { conversations: [], baseline: [], candidate: [], judge: [] }
  const questions = rows.filter((row) => row.model === `${provider}${loggedModel}`)
  if (questions.length === 0) throw new Error(`no answer of ${loggedModel}: is this SENSITIVEQ_EVAL.csv?`)
  for (const logged of questions) {
    const conversationId = `sensitiveq-${logged.id}`
    files.conversations.push({
      id: conversationId,
      messages: [
        { role: 'user', content: logged.query },
        { role: 'assistant', content: logged.answer },
      ],
      metadata: { dataset: 'llmdrift-sensitiveq', logged_model: loggedModel },
    })
    for (const arm of ['baseline', 'candidate'] as const) {
      const row = answers.get(nameAnswer(armModels[arm], logged.id))
      if (row?.query !== logged.query) {
        throw new Error(`question ${logged.id}: ${armModels[arm]} has no answer to the same words`)
      }
      const turnId = nameTurn(conversationId, 1)
      files[arm].push(recordAnswer({ row, turnId, model: armModels[arm] }))
      files.judge.push(recordResponseRate({ row, turnId, arm }))
    }
  }
  return files
}

function recordAnswer(answer: { row: DriftRow; turnId: string; model: string }): RecordedLine {
  const { row } = answer
  return recordCompletion({
    customId: answer.turnId,
    origin: describeOrigin(row, answer.model),
    content: row.answer,
    finishReason: row.answer_token >= row.max_tokens ? 'length' : 'stop',
  })
}

function recordResponseRate(judged: {
  row: DriftRow
  turnId: string
  arm: 'baseline' | 'candidate'
}): RecordedLine {
  const { row } = judged
  const refused = row['Response Rate'] === '0'
  return recordLabel({
    turnId: judged.turnId,
    arm: judged.arm,
    category,
    origin: describeOrigin(row, judgeModel),
    label: refused ? 'present' : 'absent',
    rationale: `Response Rate is ${row['Response Rate']}: ${refused ? 'no direct answer' : 'a direct answer'}`,
    completion: row.answer,
  })
}

function describeOrigin(row: DriftRow, model: string): Origin {
  // `month/day/year, time` without a zone, the same in every row; read as UTC so that the output is fixed.
  const milliseconds = Date.parse(`${row.timestamp.replace(',', '')} UTC`)
  if (Number.isNaN(milliseconds)) throw new Error(`question ${row.id}: no date in "${row.timestamp}"`)
  return { model, createdS: milliseconds / 1000 }
}

function indexAnswers(rows: readonly DriftRow[]): Map<string, DriftRow> {
  const answers = new Map<string, DriftRow>()
  for (const row of rows) {
    const name = nameAnswer(row.model.replace(provider, ''), row.id)
    if (answers.has(name)) throw new Error(`question ${row.id}: two answers of ${row.model}`)
    answers.set(name, row)
  }
  return answers
}

function nameAnswer(model: string, questionId: string): string {
  return `${model} ${questionId}`
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const path = join(folders.source, 'SENSITIVEQ_EVAL.csv')
  const files = convertLlmDrift(await readTable({ path, schema: driftRowSchema }))
  const folder = folders.output
  await writeCorpus({ folder, name: 'llmdrift-sensitiveq', conversations: files.conversations })
  for (const name of ['baseline', 'candidate', 'judge'] as const) {
    await writeJsonLines({ folder, name: `${name}.jsonl`, values: files[name] })
  }
  console.log(`${files.conversations.length} conversations, ${files.judge.length} labels in ${folder}`)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
