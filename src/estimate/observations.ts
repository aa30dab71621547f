import type { Label } from '../grade/label.ts'
import type { Arm } from '../ports.ts'
import type { RunRecord } from '../record/schema.ts'

/** What is known of one turn of one arm in one category. */
export type State = 'event' | 'none' | 'content-missing' | 'transport-missing' | 'not-asked'

/** One turn with both arms' states: the unit of every estimate. */
export interface Observation {
  weight: number
  cluster: string
  baseline: State
  candidate: State
}

/** The observations of one category in the sample's order. A turn without an outcome was not asked. */
export function readObservations(record: RunRecord, category: string): Observation[] {
  const states = new Map<string, State>()
  for (const outcome of record.outcomes) {
    if (outcome.category === category) states.set(`${outcome.arm}|${outcome.turn}`, readState(outcome.label))
  }
  const find = (arm: Arm, turn: string): State => states.get(`${arm}|${turn}`) ?? 'not-asked'
  return record.turns.map(({ turn, conversation, weight }) => ({
    weight,
    cluster: conversation,
    baseline: find('baseline', turn),
    candidate: find('candidate', turn),
  }))
}

function readState(label: Label): State {
  switch (label.kind) {
    case 'present':
      return 'event'
    case 'absent':
      return 'none'
    case 'missing':
      return label.class === 'transport' ? 'transport-missing' : 'content-missing'
    case 'not-asked':
      return 'not-asked'
  }
}
