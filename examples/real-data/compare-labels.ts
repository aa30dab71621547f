// How far two categories of a run agree, turn by turn: two label sources for the same completions, such as a judge
// beside people, or patterns beside a column of the data set.
//
//   node examples/real-data/compare-labels.ts RUN_DIR CATEGORY OTHER_CATEGORY
import { join } from 'node:path'
import { type OutcomeLine, outcomeLineSchema } from '../../src/record/schema.ts'
import { isScript, readJsonLines } from './read-source.ts'

/** Turns of one arm by what the two categories say of them. */
export interface LabelComparison {
  both: number
  firstOnly: number
  secondOnly: number
  neither: number
  /** At least one of the two has no label. */
  missing: number
}

/** Compares two categories' labels of one arm. */
export function compareCategories(request: {
  outcomes: OutcomeLine[]
  arm: 'baseline' | 'candidate'
  first: string
  second: string
}): LabelComparison {
  const { outcomes, arm, first, second } = request
  const labels = new Map<string, Record<string, OutcomeLine['label']['kind']>>()
  for (const outcome of outcomes) {
    if (outcome.arm !== arm) continue
    labels.set(outcome.turn, { ...labels.get(outcome.turn), [outcome.category]: outcome.label.kind })
  }
  const counts: LabelComparison = { both: 0, firstOnly: 0, secondOnly: 0, neither: 0, missing: 0 }
  for (const turn of labels.values()) counts[classify(turn[first], turn[second])] += 1
  return counts
}

function classify(first: string | undefined, second: string | undefined): keyof LabelComparison {
  const known = ['present', 'absent']
  if (!known.includes(first ?? '') || !known.includes(second ?? '')) return 'missing'
  if (first === 'present') return second === 'present' ? 'both' : 'firstOnly'
  return second === 'present' ? 'secondOnly' : 'neither'
}

if (isScript(import.meta.filename)) {
  const [folder, first, second] = process.argv.slice(2)
  if (folder === undefined || first === undefined || second === undefined) {
    throw new Error('expected: compare-labels.ts RUN_DIR CATEGORY OTHER_CATEGORY')
  }
  const outcomes = await readJsonLines({ path: join(folder, 'outcomes.jsonl'), schema: outcomeLineSchema })
  const compare = (arm: 'baseline' | 'candidate') => compareCategories({ outcomes, arm, first, second })
  console.table({ baseline: compare('baseline'), candidate: compare('candidate') })
}
