import { describeSetting, type ForecastSetting } from '../forecast/forecast-setting.ts'
import { findUnmeasurable, type Unmeasurable } from '../forecast/measurability.ts'
import { makePlan, type Plan } from '../plan/plan.ts'
import type { SourceText } from '../policy/document.ts'
import type { Policy } from '../policy/schema.ts'
import { registerNothing } from '../registration/nothing.ts'
import type { Registration } from '../registration/schema.ts'
import { expectDiscordance, expectRates } from '../report/forecast/category-forecast.ts'
import type { Sample } from '../sample/draw.ts'
import { lintResolution, type WrittenRegistration } from './registrations.ts'
import { type LintResult, report, type WrittenPolicy } from './result.ts'

/**
 * Points at every blocking category that the turns can hardly pass: by the policy alone at a rate of 0, and by each
 * registration at the rates and limits that it has; and at predictions that the turns can't resolve. A registration is
 * not blamed for what the policy is blamed for, and one that was withdrawn for nothing.
 */
export function lintCategories(parts: {
  written: WrittenPolicy
  registrations: readonly WrittenRegistration[]
  calibrations: Plan['calibrations']
  /** `null` when the corpus can't be read: then as many turns as the policy asks for, of equal weight. */
  sample: Sample | null
  result: LintResult
}): void {
  const { written, registrations, calibrations, result } = parts
  const { policy, source } = written
  const turns = parts.sample?.turns ?? imagineTurns(policy)
  if (turns.length === 0) return
  const describe = (registration: Registration) => {
    const plan = planFor({ policy, registration, calibrations })
    return describeSetting({ plan, tier: 'release', turns })
  }
  const alone = describe(registerNothing('').registration)
  const blamed = new Set<string>()
  policy.categories.forEach((category, index) => {
    for (const problem of findProblems(alone, category.id)) {
      blamed.add(`${category.id}: ${problem.test}`)
      report(result, { ...problem, code: 'policy', place: { source, path: placeInPolicy(problem, index) } })
    }
  })
  for (const { source: file, registration } of registrations) {
    if (registration.withdrawn) continue
    const setting = describe(registration)
    lintResolution({ source: file, registration }, setting, result)
    policy.categories.forEach(({ id }, index) => {
      for (const problem of findProblems(setting, id)) {
        if (blamed.has(`${id}: ${problem.test}`)) continue
        const place = findPlace({ problem, registration, source: file, category: id }) ?? {
          source,
          path: placeInPolicy(problem, index),
        }
        report(result, { ...problem, code: 'registration', place })
      }
    })
  }
}

function findProblems(setting: ForecastSetting, id: string): Unmeasurable[] {
  const category = setting.plan.policy.categories.find((entry) => entry.id === id)
  if (category === undefined) return []
  const expected = expectRates(setting, category, null)
  return findUnmeasurable({
    setting,
    category,
    rate: expected.predicted,
    discordant: expectDiscordance(expected),
  })
}

/** The plan of a registration, as far as its tests go by it. */
export function planFor(parts: {
  policy: Policy
  registration: Registration
  calibrations: Plan['calibrations']
}): Plan {
  const { registration } = parts
  return makePlan({
    ...parts,
    rubrics: {},
    controls: null,
    corpus: { name: '', manifestSha256: '' },
    repository: '',
    baseline: '',
    candidate: registration.candidate,
    digests: { baseline: null, candidate: null },
  })
}

/** Without a corpus nobody asks for millions of turns: they are left to the run that has one. */
const mostImagined = 1_000_000

/** As many turns of equal weight as the policy asks for, where no corpus is at hand; none where those are too many. */
export function imagineTurns({
  sample,
}: Policy): Pick<Sample['turns'][number], 'weight' | 'conversation' | 'stratum'>[] {
  const turns = sample.turns > mostImagined ? 0 : sample.turns
  return Array.from({ length: turns }, (_, index) => ({
    weight: 1,
    conversation: String(index),
    stratum: null,
  }))
}

const policyFields = {
  judge: ['calibration'],
  regression: [],
  limit: ['limit'],
  margin: ['margin'],
} as const satisfies Record<Unmeasurable['test'], readonly string[]>

function placeInPolicy({ test }: Unmeasurable, index: number): PropertyKey[] {
  return ['categories', index, ...policyFields[test]]
}

/** The tighter limit where the registration has one, else the rate that it predicts. */
function findPlace(parts: {
  problem: Unmeasurable
  registration: Registration
  source: SourceText
  category: string
}): { source: SourceText; path: PropertyKey[] } | null {
  const { problem, registration, source, category } = parts
  const index = registration.predictions.findIndex((entry) => entry.category === category)
  const prediction = registration.predictions[index]
  if (prediction === undefined) return null
  const field = problem.test === 'limit' && prediction.limitPer100k !== null ? 'limit' : 'rate'
  return { source, path: ['predictions', index, field] }
}
