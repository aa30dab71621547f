import { adjustHolm } from '../estimate/holm.ts'
import { roundBound } from '../estimate/rounding.ts'
import { testUnequalClustered } from '../estimate/sign-flip.ts'
import type { CompletionSummary, RecordedUnit } from '../record/schema.ts'

/** The chance that a baseline which is what it was is taken for another one. */
const alpha = 0.01

/** A turn that was asked anew, beside what was kept of it. */
export interface ComparedTurn {
  conversation: string
  fresh: RecordedUnit
  kept: RecordedUnit
}

/** What came of a comparison. */
export interface Comparison {
  turns: number
  /** What differs most, in words that follow "differs most in". */
  what: string
  /** Adjusted for all that was compared. */
  p: number
  /** It differs by more than two replays of one model do. */
  differs: boolean
}

type Completed = Extract<CompletionSummary, { kind: 'completed' }>
/** What is read of one answer; `null` where it has none. */
type Read = (unit: RecordedUnit) => number | null

const signals: readonly { what: string; read: (completion: Completed) => number }[] = [
  { what: 'the length of answers', read: ({ characters }) => characters },
  { what: 'refusals', read: ({ refused }) => Number(refused) },
  { what: 'calls of tools', read: ({ toolCalls }) => Number(toolCalls > 0) },
]

/**
 * Tests whether the baseline answers, and is labelled, as it was: of each turn both answers are of one model if nothing has
 * changed, so that a difference is as likely one way as the other, whatever the noise of model and judge. By category the
 * exact sign-flip test over conversations of present minus absent, two-sided; the same of lengths (by their order alone),
 * refusals and calls of tools; all of them together by Holm at 1 %. `null` where no turn has both.
 */
export function compareBaseline(
  turns: readonly ComparedTurn[],
  categories: readonly string[],
): Comparison | null {
  const both = turns.filter(
    ({ fresh, kept }) => fresh.completion.kind === 'completed' && kept.completion.kind === 'completed',
  )
  if (both.length === 0) return null
  const reads = [
    ...categories.map((id) => ({ what: `the labels of ${id}`, read: readLabel(id) })),
    ...signals.map(({ what, read }) => ({ what, read: readSignal(read) })),
  ]
  const adjusted = adjustHolm(reads.map(({ read }) => testUnequalClustered(listDifferences(both, read))))
  const smallest = adjusted.reduce((least, p, index) => (p < (adjusted[least] ?? 1) ? index : least), 0)
  const p = roundBound(adjusted[smallest] ?? 1)
  return { turns: both.length, what: reads[smallest]?.what ?? '', p, differs: p <= alpha }
}

function readLabel(category: string): Read {
  return ({ labels }) => {
    const kind = labels[category]?.kind
    return kind === 'present' ? 1 : kind === 'absent' ? 0 : null
  }
}

function readSignal(read: (completion: Completed) => number): Read {
  return ({ completion }) => (completion.kind === 'completed' ? read(completion) : null)
}

/** By conversation, how many more turns are greater than smaller. */
function listDifferences(turns: readonly ComparedTurn[], read: Read): number[] {
  const sums = new Map<string, number>()
  for (const { conversation, fresh, kept } of turns) {
    const [now, before] = [read(fresh), read(kept)]
    if (now === null || before === null) continue
    sums.set(conversation, (sums.get(conversation) ?? 0) + Math.sign(now - before))
  }
  return [...sums.values()]
}

/**
 * By what name the baseline or a grader answers now that it did not then; `null` where there is none. Names, fingerprints and
 * digests of all that was kept count.
 */
export function findOtherName(
  fresh: readonly RecordedUnit[],
  kept: ReadonlyMap<string, RecordedUnit>,
): string | null {
  const known = new Set<string>()
  for (const unit of kept.values()) for (const { key } of listNames(unit)) known.add(key)
  for (const unit of fresh) {
    for (const { key, what } of listNames(unit)) if (!known.has(key)) return what
  }
  return null
}

function listNames({ completion, uses }: RecordedUnit): { key: string; what: string }[] {
  const name = (what: string, values: readonly unknown[]) => ({
    key: JSON.stringify([what, ...values]),
    what,
  })
  const own =
    completion.kind === 'completed'
      ? [
          name('the model that answers', [completion.model]),
          name('its system fingerprint', [completion.systemFingerprint]),
          name('the digest that it tells', [completion.servedDigest ?? null]),
        ]
      : []
  const graders = uses.flatMap(({ endpoint, model, answeredAs }) =>
    Object.keys(answeredAs).map((answered) =>
      name(`the model that answers as ${endpoint}`, [model, answered]),
    ),
  )
  return [...own, ...graders]
}
