import { join } from 'node:path'
import { z } from 'zod'
import type { LabelledItem } from '../../src/grade/labelled-set.ts'
import { recordAnswer } from './labelled-lines.ts'
import { showPair, worseFirst } from './pairs.ts'
import { isScript, readFolders, readJson } from './read-source.ts'
import { type RecordedLine, writeGrade } from './recorded-lines.ts'
import { writeJsonLines } from './write-corpus.ts'

// Six answers were read as true by whoever wrote the file: "true" is what the model said.
const response = z.union([z.string(), z.boolean().transform(String)])
const annotation = z.union([z.literal(0), z.literal(1), z.literal(2)])

/** One pair of answers in testset-v1.json. Annotators say which is better; 0 is a tie. */
export const pandalmPairSchema = z.object({
  idx: z.int(),
  cmp_key: z.string().min(1),
  instruction: z.string(),
  input: z.string(),
  response1: response,
  response2: response,
  annotator1: annotation,
  annotator2: annotation,
  annotator3: annotation,
})
export type PandalmPair = z.infer<typeof pandalmPairSchema>

/** One verdict in gpt-3.5-turbo-testset-v1.json: `garbage` where its authors could not read the answer. */
export const pandalmVerdictSchema = z.object({
  idx: z.int(),
  gpt_result: z.enum(['1', '2', 'Tie', 'garbage']),
  gpt_reason: z.string(),
})
export type PandalmVerdict = z.infer<typeof pandalmVerdictSchema>

const judgeModel = 'gpt-3.5-turbo'

/**
 * The 999 pairs as labelled sets, one for each two models that were compared: the same two texts of other models stand
 * in another set. Present: most annotators say that response 2 is better. A verdict that nobody could read stays what
 * it was, a text that is no grade.
 */
export function labelPandalm(source: {
  pairs: readonly PandalmPair[]
  verdicts: readonly PandalmVerdict[]
}): { sets: Map<string, LabelledItem[]>; judge: RecordedLine[] } {
  const verdicts = new Map(source.verdicts.map((verdict) => [verdict.idx, verdict]))
  const sets = new Map<string, LabelledItem[]>()
  const judge: RecordedLine[] = []
  for (const pair of source.pairs) {
    const verdict = verdicts.get(pair.idx)
    if (verdict === undefined) throw new Error(`pair ${pair.idx} has no verdict`)
    const content = showPair(pair.response1, pair.response2)
    const item: LabelledItem = {
      id: `pandalm-${pair.idx}`,
      labels: { [worseFirst]: findMajority(pair) === 2 ? 'present' : 'absent' },
      messages: [{ role: 'user', content: joinTexts(pair.instruction, pair.input) }],
      completion: { content },
      source: pair.cmp_key,
      chosen: 'random',
    }
    sets.set(pair.cmp_key, [...(sets.get(pair.cmp_key) ?? []), item])
    judge.push(
      recordAnswer({
        item,
        category: worseFirst,
        model: judgeModel,
        content: writeVerdict(verdict, content),
      }),
    )
  }
  return { sets, judge }
}

// One instruction is blank, and many have no input.
function joinTexts(...texts: string[]): string {
  return texts.filter((text) => text.trim() !== '').join('\n\n')
}

function writeVerdict({ gpt_result: result, gpt_reason: rationale }: PandalmVerdict, pair: string): string {
  if (result === 'garbage') return result
  return writeGrade({ label: result === '2' ? 'present' : 'absent', rationale, completion: pair })
}

/** What at least two of the three annotators say. Throws where all three differ, which the source never has. */
export function findMajority({ idx, annotator1, annotator2, annotator3 }: PandalmPair): 0 | 1 | 2 {
  if (annotator1 === annotator2 || annotator1 === annotator3) return annotator1
  if (annotator2 === annotator3) return annotator2
  throw new Error(`pair ${idx}: the three annotators say three things`)
}

async function main(folders: { source: string; output: string }): Promise<void> {
  const read = (name: string) => join(folders.source, name)
  const { sets, judge } = labelPandalm({
    pairs: await readJson({ path: read('testset-v1.json'), schema: z.array(pandalmPairSchema) }),
    verdicts: await readJson({
      path: read('gpt-3.5-turbo-testset-v1.json'),
      schema: z.array(pandalmVerdictSchema),
    }),
  })
  const folder = folders.output
  for (const [models, values] of sets) await writeJsonLines({ folder, name: `${models}.jsonl`, values })
  await writeJsonLines({ folder, name: 'judge.jsonl', values: judge })
  console.log(`${sets.size} labelled sets, ${judge.length} recorded answers in ${folder}`)
}

if (isScript(import.meta.filename)) await main(readFolders(process.argv))
