import { addUsage, noUsage } from '../grade/usage.ts'
import type { Arm, ModelSource } from '../ports.ts'
import type { Usage } from '../replay/completion.ts'
import { ReusedTally, type ReuseFacts } from './reused.ts'
import type { CompletionSummary, RecordedProbe, RecordedUnit, RecordSummary } from './schema.ts'
import { type AnsweredCalls, addAnswered } from './trajectory.ts'

/** What a record says of an arm beside what its units do. */
export interface ArmFacts {
  sources: Record<Arm, ModelSource>
  /** What the arms' endpoints said that they serve, in order. */
  probes: readonly RecordedProbe[]
  /** What was found out about what could be reused; left out where policy lets nothing be. */
  reuse?: ReuseFacts | undefined
}

type Completed = Extract<CompletionSummary, { kind: 'completed' }>

/** Adds up what a record says of an arm, one unit after the other: none of them need be kept. */
export class ArmTally {
  readonly #arm: Arm
  readonly #lengths: number[] = []
  #refusals = 0
  #toolCalls = 0
  readonly #finishReasons = new Map<string, number>()
  readonly #models = new Map<string, number>()
  #unnamed = 0
  readonly #digests = new Map<string, number>()
  #undigested = 0
  readonly #fingerprints = new Map<string, number>()
  #trajectories = 0
  #answered: AnsweredCalls[] = []
  #usage: Usage = noUsage
  readonly #reused = new ReusedTally()

  constructor(arm: Arm) {
    this.#arm = arm
  }

  add(unit: Pick<RecordedUnit, 'completion' | 'measured'>): void {
    const { completion, measured } = unit
    this.#reused.add(unit)
    if (completion.kind !== 'completed') return
    this.#lengths.push(completion.characters)
    if (completion.refused) this.#refusals += 1
    if (completion.toolCalls > 0) this.#toolCalls += 1
    count(this.#finishReasons, completion.finishReason)
    this.#addNames(completion)
    if (completion.trajectory !== undefined) {
      this.#trajectories += 1
      this.#answered = addAnswered([...this.#answered, ...completion.trajectory.answered])
    }
    // What another run has asked for took nothing of this one.
    if (measured?.run === undefined) this.#usage = addUsage(this.#usage, completion.usage)
  }

  #addNames({ model, servedDigest, systemFingerprint }: Completed): void {
    if (model === null) this.#unnamed += 1
    else count(this.#models, model)
    if (servedDigest === null) this.#undigested += 1
    else if (servedDigest !== undefined) count(this.#digests, servedDigest)
    if (systemFingerprint !== null) count(this.#fingerprints, systemFingerprint)
  }

  describe({ sources, probes, reuse }: ArmFacts): RecordSummary['arms'][Arm] {
    const lengths = this.#lengths.toSorted((a, b) => a - b)
    const reused = this.#reused.describe(this.#arm === 'baseline' ? reuse : undefined)
    return {
      source: sources[this.#arm],
      models: list(this.#models),
      identity: {
        unnamed: this.#unnamed,
        digests: list(this.#digests),
        undigested: this.#undigested,
        probes: probes.flatMap(({ probe, result }) => (probe === this.#arm ? [result] : [])),
      },
      systemFingerprints: list(this.#fingerprints),
      signals: {
        completions: lengths.length,
        refusals: this.#refusals,
        toolCalls: this.#toolCalls,
        finishReasons: list(this.#finishReasons),
        charactersMedian: lengths[Math.floor(lengths.length / 2)] ?? null,
      },
      ...(this.#trajectories === 0 ? {} : { answered: this.#answered }),
      usage: this.#usage,
      ...(reused === undefined ? {} : { reused }),
    }
  }
}

function count(counts: Map<string, number>, value: string): void {
  // A record is read back without this key, and what a model calls itself must not be lost.
  const name = value === '__proto__' ? `"${value}"` : value
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function list(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
