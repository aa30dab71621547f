import { planStopping } from '../../src/estimate/looks.ts'
import { explainFailure, type Label } from '../../src/grade/label.ts'
import { noUsage } from '../../src/grade/usage.ts'
import type { Arm } from '../../src/ports.ts'
import { buildRecord } from '../../src/record/build.ts'
import type { CompletionSummary, RecordedUnit, RunRecord } from '../../src/record/schema.ts'
import { nameUnit } from '../../src/record/unit-name.ts'
import type { Sample } from '../../src/sample/draw.ts'
import { answerTurn } from './answers.ts'
import type { Cell } from './cell.ts'
import { nameCategory, type Settings } from './settings.ts'
import { arms, type World } from './world.ts'

const present: Label = { kind: 'present' }
const absent: Label = { kind: 'absent' }
const live = { kind: 'live' } as const

/**
 * Builds the record that `measureThroughPipeline` would have built, without asking endpoints:
 * `test/simulation/paths.test.ts` holds the two to that. Not for early stopping, which needs a run to stop.
 */
export function recordDirectly(parts: {
  cell: Cell
  settings: Settings
  sample: Sample
  world: World
}): RunRecord {
  const { cell, settings, sample, world } = parts
  const { plan, planDigest, resolved, request } = settings
  const { off: earlyStoppingOff } = planStopping({ plan, tier: request.run.tier, turns: [] })
  if (cell.earlyStopping !== 'off') throw new Error(`${cell.name}: early stopping needs path "pipeline"`)
  const units = new Map<string, RecordedUnit>()
  for (const arm of arms) {
    const measure = createMeter({ world, arm, model: plan[arm], isJudged: cell.judge !== 'exact' })
    for (const { id } of sample.turns) units.set(nameUnit({ turn: id, arm }), measure(id))
  }
  return buildRecord({
    plan,
    sample,
    units,
    facts: {
      planDigest,
      gateVersion: request.gateVersion,
      run: request.run,
      commits: {
        policy: request.commits.policy,
        baseline: 'named',
        candidate: 'named',
        trustAnchor: request.commits.trustAnchor,
        policyChanges: resolved.changes,
        registration: 'commit',
      },
      timing: { startedAt: '2026-11-02T08:00:00.000Z', elapsedMs: 0 },
      cost: { usd: null, requests: 0 },
      decided: false,
      earlyStoppingOff,
      retainText: 'none',
      history: { kind: 'none' },
      sources: { baseline: live, candidate: live, graders: { judge: live } },
      probes: [],
    },
  })
}

/** What is kept of a turn of an arm. Equal parts of different turns are one object: there are few of them. */
function createMeter(parts: {
  world: World
  arm: Arm
  model: string
  isJudged: boolean
}): (turn: string) => RecordedUnit {
  const { world, arm } = parts
  const known = new Map<string, Omit<RecordedUnit, 'turn'>>()
  return (turn) => {
    const place = world.places.get(turn) ?? -1
    const flags = world.flags[arm].map((column) => column[place])
    const name = `${world.fates[arm][place]}${flags.join('')}`
    const measured = known.get(name) ?? measureOnce({ ...parts, place })
    known.set(name, measured)
    return { turn, ...measured }
  }
}

function measureOnce(request: {
  world: World
  arm: Arm
  place: number
  model: string
  isJudged: boolean
}): Omit<RecordedUnit, 'turn'> {
  const { world, arm, place, isJudged } = request
  const answer = answerTurn(request)
  const label = (category: number): Label => {
    if (answer.kind === 'failed') return explainFailure(answer, 'completion')
    return world.flags[arm][category]?.[place] === 1 ? present : absent
  }
  const labels = world.flags[arm].map((_, category) => [nameCategory(category), label(category)])
  return {
    arm,
    completion: summarize(answer),
    labels: Object.fromEntries(labels),
    trails: {},
    prescreens: [],
    uses: isJudged && answer.kind !== 'failed' ? [describeUse(labels.length)] : [],
  }
}

function describeUse(calls: number): RecordedUnit['uses'][number] {
  return { endpoint: 'judge', model: 'judge', answeredAs: { judge: calls }, usage: noUsage }
}

function summarize(answer: ReturnType<typeof answerTurn>): CompletionSummary {
  if (answer.kind === 'failed') return { kind: 'failed', cause: answer.cause }
  const { model, finishReason, systemFingerprint, usage, text } = answer
  return {
    kind: 'completed',
    model,
    finishReason,
    systemFingerprint,
    usage,
    characters: text.length,
    refused: false,
    toolCalls: 0,
    content: null,
  }
}
