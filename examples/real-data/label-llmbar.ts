import { join } from 'node:path'
import { z } from 'zod'
import type { LabelledItem } from '../../src/grade/labelled-set.ts'
import { recordAnswer } from './labelled-lines.ts'
import { showPair, worseFirst } from './pairs.ts'
import { isScript, readFolders, readJson } from './read-source.ts'
import { type RecordedLine, writeGrade } from './recorded-lines.ts'
import { writeJsonLines } from './write-corpus.ts'

const choice = z.object({ winner: z.enum(['1', '2']) })

/** One comparison with a judge's two verdicts: with the outputs in their order, and swapped. */
export const llmbarRowSchema = z.object({
  input: z.string().min(1),
  output_1: z.string().min(1),
  output_2: z.string().min(1),
  label: z.union([z.literal(1), z.literal(2)]),
  results: z.tuple([z.object({ 'swap = False': choice, 'swap = True': choice })]),
})
export type LlmbarRow = z.infer<typeof llmbarRowSchema>

export const llmbarSubsets = [
  'Natural',
  'Adversarial_GPTInst',
  'Adversarial_GPTOut',
  'Adversarial_Manual',
  'Adversarial_Neighbor',
] as const
export const llmbarJudges = ['GPT-4', 'ChatGPT', 'ChatGPT-0301'] as const

/**
 * The comparisons of a subset as a labelled set, and what one judge said of them: in the order of the outputs as the
 * first grading, in the other order as the second. Present: output 2 is the better one, by the data set and, for the
 * judge, by the output that it chose, wherever that stood.
 */
export function labelLlmbar(request: {
  subset: (typeof llmbarSubsets)[number]
  judge: (typeof llmbarJudges)[number]
  rows: readonly LlmbarRow[]
}): { items: LabelledItem[]; judge: RecordedLine[] } {
  const { subset, rows } = request
  const items: LabelledItem[] = []
  const judge: RecordedLine[] = []
  rows.forEach((row, index) => {
    const content = showPair(row.output_1, row.output_2)
    const item: LabelledItem = {
      id: `llmbar-${subset}-${index + 1}`,
      labels: { [worseFirst]: row.label === 2 ? 'present' : 'absent' },
      messages: [{ role: 'user', content: row.input }],
      completion: { content },
      source: subset,
      chosen: 'written',
    }
    items.push(item)
    const [{ 'swap = False': first, 'swap = True': again }] = row.results
    for (const { pass, winner } of [
      { pass: 'first' as const, ...first },
      { pass: 'again' as const, ...again },
    ]) {
      const label = winner === '2' ? 'present' : 'absent'
      const grade = writeGrade({ label, rationale: `Output ${winner} is better.`, completion: content })
      judge.push(recordAnswer({ item, category: worseFirst, model: request.judge, content: grade, pass }))
    }
  })
  return { items, judge }
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const folder = folders.output
  for (const judge of llmbarJudges) {
    const recorded: RecordedLine[] = []
    for (const subset of llmbarSubsets) {
      const path = join(folders.source, `judge_${judge}_Vanilla_${subset}.json`)
      const rows = await readJson({ path, schema: z.array(llmbarRowSchema) })
      const labelled = labelLlmbar({ subset, judge, rows })
      await writeJsonLines({ folder, name: `${subset}.jsonl`, values: labelled.items })
      recorded.push(...labelled.judge)
    }
    await writeJsonLines({ folder, name: `judge-${judge}.jsonl`, values: recorded })
  }
  console.log(`${llmbarSubsets.length} labelled sets, answers of ${llmbarJudges.length} judges in ${folder}`)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
