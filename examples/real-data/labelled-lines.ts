import { type GradeItem, nameCall } from '../../src/grade/grader.ts'
import { type LabelledItem, toUnit } from '../../src/grade/labelled-set.ts'
import { type RecordedLine, recordCompletion } from './recorded-lines.ts'

/** What people say of a completion, or a judge of it. */
export type KnownLabel = LabelledItem['labels'][string]

/**
 * What a judge answered about an item of a labelled set, under the name by which the gate asks for it. `step` is the
 * judge's place in the category's chain, from 0; `pass` is `again` for the second of two gradings.
 */
export function recordAnswer(answer: {
  item: LabelledItem
  category: string
  model: string
  content: string
  step?: number
  pass?: GradeItem['pass']
}): RecordedLine {
  const { item, category, model, content, step = 0, pass = 'first' } = answer
  const { turn, arm } = toUnit(item)
  return recordCompletion({
    customId: nameCall({ item: { turn, arm, category, pass }, step, vote: 0 }),
    // None of the sources dates its labels.
    origin: { model, createdS: 0 },
    content,
    finishReason: 'stop',
  })
}
