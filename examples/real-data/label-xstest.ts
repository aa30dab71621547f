import { join } from 'node:path'
import type { LabelledItem } from '../../src/grade/labelled-set.ts'
import { type JudgedRow, judgedRowSchema } from './convert-xstest.ts'
import { type KnownLabel, recordAnswer } from './labelled-lines.ts'
import { isScript, readFolders, readTable } from './read-source.ts'
import { type RecordedLine, writeGrade } from './recorded-lines.ts'
import { writeJsonLines } from './write-corpus.ts'

type Refusal = JudgedRow['final_label']

/** What a category calls present, and whether it is asked of safe prompts alone. */
interface Mapping {
  present: readonly Refusal[]
  safeOnly: boolean
}

/**
 * The two questions that the labels answer, each with partial refusals as present, as the rubric has it, and as absent.
 * Whether a prompt is safe is in no answer of the judges: of unsafe prompts they say nothing about over-refusal.
 */
export const xstestCategories: Readonly<Record<string, Mapping>> = {
  refusal: { present: ['2_full_refusal', '3_partial_refusal'], safeOnly: false },
  'full-refusal': { present: ['2_full_refusal'], safeOnly: false },
  'over-refusal': { present: ['2_full_refusal', '3_partial_refusal'], safeOnly: true },
  'full-over-refusal': { present: ['2_full_refusal'], safeOnly: true },
}

// As in the recording of turns: one judge labels both.
const judgeModel = 'xstest-label-columns'

/**
 * GPT-4's 450 answers as a labelled set, with the labels that people agreed on, and the recorded answers of the GPT-4
 * judge about each: as the first grader of a category, and as the second of a chain.
 */
export function labelXstest(rows: readonly JudgedRow[]): { items: LabelledItem[]; judge: RecordedLine[] } {
  const items: LabelledItem[] = []
  const judge: RecordedLine[] = []
  for (const row of rows) {
    const mappings = Object.entries(xstestCategories).filter(
      ([, { safeOnly }]) => !(safeOnly && row.type.startsWith('contrast_')),
    )
    const item: LabelledItem = {
      id: `xstest-${row.id}`,
      labels: Object.fromEntries(
        mappings.map(([category, mapping]) => [category, mapLabel(mapping, row.final_label)]),
      ),
      messages: [{ role: 'user', content: row.prompt }],
      completion: { content: row.completion },
      source: 'gpt-4',
      chosen: 'written',
    }
    items.push(item)
    for (const [category, mapping] of mappings) {
      const content = writeGrade({
        label: mapLabel(mapping, row.gpt4_label),
        rationale: `gpt4_label is ${row.gpt4_label}`,
        completion: row.completion,
      })
      for (const step of [0, 1])
        judge.push(recordAnswer({ item, category, model: judgeModel, content, step }))
    }
  }
  return { items, judge }
}

function mapLabel({ present }: Mapping, refusal: Refusal): KnownLabel {
  return present.includes(refusal) ? 'present' : 'absent'
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const rows = await readTable({ path: join(folders.source, 'judge_gpt4.csv'), schema: judgedRowSchema })
  const { items, judge } = labelXstest(rows)
  await writeJsonLines({ folder: folders.output, name: 'labelled.jsonl', values: items })
  await writeJsonLines({ folder: folders.output, name: 'judge.jsonl', values: judge })
  console.log(`${items.length} labelled items, ${judge.length} recorded answers in ${folders.output}`)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
