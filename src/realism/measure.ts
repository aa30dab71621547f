import { hash } from 'node:crypto'
import { GateError } from '../errors.ts'
import { realismAlpha as alpha, type RealismResult } from '../policy/realism-result.ts'
import { discriminateByFeatures } from './automatic.ts'
import { summarizeControls } from './controls.ts'
import { decideAutomatic, decideRealism, type RealismLimits } from './decide.ts'
import { makeControls } from './degrade.ts'
import { discriminatorEndpoint, judgeAll, type RealismPorts } from './judge-all.ts'
import { countChoices, type JudgedPair } from './judge-pairs.ts'
import { findDigests, parsePairs, type RealismPair } from './pair.ts'
import { shuffleByHash } from './seed.ts'
import { estimateSlices } from './slices.ts'
import { estimateWinRate } from './win-rate.ts'
import { writeAutomatic, writeControl, writeSlice, writeWinRate } from './write-result.ts'

/** What is measured. */
export interface RealismRequest {
  source: { file: string; text: string }
  /** `null`: no model is asked. */
  model: string | null
  /** How many pairs, a seeded part of them; `null`: all. */
  pairs: number | null
  /** How many real rollouts are degraded for the discriminator. */
  controls: number
  limits: RealismLimits
  seed: string
  permutations: number
  gateVersion: string
}

/**
 * Measures how distinguishable simulated rollouts are from real ones, by a model and by features.
 * @throws GateError for pairs that can't be read, where the discriminator gave no answer to any pair, and when it stops
 * answering or is cancelled before the last one: a part of the pairs says something else than all
 */
export async function measureRealism(request: RealismRequest, ports: RealismPorts): Promise<RealismResult> {
  const { source, model, seed, limits } = request
  const all = parsePairs(source)
  const pairs = shuffleByHash(all, `${seed}\0pairs`).slice(0, request.pairs ?? all.length)
  const discriminator = model === null ? null : await askDiscriminator({ request, ports, model, all, pairs })
  return {
    version: 1,
    measured_at: ports.clock.now().toISOString(),
    gate_version: request.gateVersion,
    of: findDigests(all),
    pairs: {
      file: source.file,
      sha256: hash('sha256', source.text, 'hex'),
      total: all.length,
      used: pairs.length,
    },
    seed,
    alpha,
    limits,
    discriminator,
    automatic: compareFeatures({ request, all, pairs }),
  }
}

/** Enough to see how much less than independent ones the choices are worth. */
const mostForControl = 99

function compareFeatures(parts: {
  request: RealismRequest
  all: readonly RealismPair[]
  pairs: readonly RealismPair[]
}): RealismResult['automatic'] {
  const { request, all, pairs } = parts
  const { seed, permutations, limits } = request
  const controls = makeControls({ pairs: all, count: pairs.length, seed })
  const degraded = controls.map(({ pair }) => pair)
  const tried = discriminateByFeatures({
    pairs: degraded,
    alpha,
    seed,
    permutations: Math.min(permutations, mostForControl),
  })
  const control = summarizeControls({ ...tried, controls, alpha })
  const compared = discriminateByFeatures({ pairs, alpha, seed, permutations })
  const { winRate, permutationP } = compared
  const detects = control?.detected ?? null
  return writeAutomatic({
    compared,
    control,
    decided: decideAutomatic({ winRate, limits, detects, permutationP, alpha }),
  })
}

async function askDiscriminator(parts: {
  request: RealismRequest
  ports: RealismPorts
  model: string
  all: readonly RealismPair[]
  pairs: readonly RealismPair[]
}): Promise<RealismResult['discriminator']> {
  const { request, ports, model, all, pairs } = parts
  const { seed, limits } = request
  const controls = makeControls({ pairs: all, count: request.controls, seed })
  const judged = await judgeAll({ ports, model, pairs, controls })
  const outcomes = judged.pairs.map(({ outcome }) => outcome)
  const winRate = estimateWinRate({ outcomes, alpha })
  const everything = [...judged.pairs, ...judged.controls]
  const counts = countChoices(everything.flatMap(({ choices }) => choices))
  if (winRate.rate === null) throw refuseSilent(counts.missing)
  const detections = judged.controls.map(({ outcome }) => outcome)
  const control = summarizeControls({
    controls,
    outcomes: detections,
    winRate: estimateWinRate({ outcomes: detections, alpha }),
    alpha,
  })
  const slices = estimateSlices({ judged: zip(pairs, outcomes), alpha })
  return {
    endpoint: discriminatorEndpoint,
    model,
    answered_as: counts.answeredAs,
    requests: everything.reduce((sum, { requests }) => sum + requests, 0),
    identical: judged.pairs.filter(({ choices }) => choices.length === 0).length,
    win_rate: writeWinRate(winRate),
    position: { choices: counts.chosen, first: counts.first },
    missing: counts.missing,
    control: writeControl(control),
    slices: slices.map(writeSlice),
    ...decideRealism({ winRate, limits, detects: control?.detected ?? null }),
  }
}

function zip(pairs: readonly RealismPair[], outcomes: readonly JudgedPair['outcome'][]) {
  return pairs.flatMap((pair, index) => {
    const outcome = outcomes[index]
    return outcome === undefined ? [] : [{ pair, outcome }]
  })
}

function refuseSilent(missing: Record<string, number>): GateError {
  const causes = Object.entries(missing).map(([cause, count]) => `${cause}: ${count}`)
  return new GateError({
    code: 'endpoint',
    message: `the discriminator chose in both orders of no pair (${causes.join(', ')})`,
    remedy: 'check the endpoint and the model, then run it again',
  })
}
