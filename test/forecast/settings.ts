import { describeSetting, type ForecastSetting } from '../../src/forecast/forecast-setting.ts'
import type { Plan, PlannedCategory } from '../../src/plan/plan.ts'
import type { Calibration } from '../../src/policy/calibration.ts'
import { makeRecord } from '../estimate/records.ts'

/** A category of a setting; with `counts` its graders are calibrated. */
export type SettingCategory = Partial<Omit<PlannedCategory, 'calibration'>> & {
  id: string
  counts?: Calibration
}

/** What a setting can differ in. */
export interface SettingOptions {
  turns: number
  categories: readonly SettingCategory[]
  gate?: Partial<Plan['policy']['gate']>
  round?: number
  tier?: 'smoke' | 'release'
  /** By turn; 1 without. */
  weights?: readonly number[]
  /** By turn; one each without. */
  conversations?: readonly string[]
  /** Predicted rates (proportions) by category. */
  predictions?: Readonly<Record<string, number>>
}

/** The plan of a record with such categories, and the setting that it is forecast from. */
export function makeSetting(options: SettingOptions): ForecastSetting {
  const { turns, categories, predictions = {}, tier = 'release', ...rest } = options
  const states = Array.from({ length: turns }, () => 'none' as const)
  const record = makeRecord({
    ...rest,
    tier,
    categories: categories.map((category) => ({ ...category, baseline: states, candidate: states })),
  })
  const plan = record.summary.plan
  const registered = Object.entries(predictions).map(([category, rate]) => ({
    category,
    ratePer100k: rate * 100_000,
    intervalPer100k: [0, 100_000] as [number, number],
    direction: 'same' as const,
    limitPer100k: null,
  }))
  return describeSetting({
    plan: { ...plan, registration: { ...plan.registration, predictions: registered } },
    tier,
    turns: record.turns,
  })
}

/** A setting of one category, and that category. */
export function makeOne(
  category: Omit<SettingCategory, 'id'>,
  rest: Omit<SettingOptions, 'categories'>,
): { setting: ForecastSetting; category: PlannedCategory } {
  const setting = makeSetting({ ...rest, categories: [{ id: 'only', ...category }] })
  const [only] = setting.plan.policy.categories
  if (only === undefined) throw new Error('a category went missing')
  return { setting, category: only }
}
