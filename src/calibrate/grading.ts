import { setMaxListeners } from 'node:events'
import type { CalibrationPorts } from '../calibrate.ts'
import { GateError } from '../errors.ts'
import { describeCalls } from '../grade/grade.ts'
import { addUses, type GraderUse } from '../grade/usage.ts'
import {
  connectGraders,
  createGradingInstruments,
  type GradingSettings,
  type Instruments,
} from '../instruments.ts'
import { describeBudget } from '../policy/budget-policy.ts'
import { priceUsage } from '../record/build.ts'
import { type CalibrationItem, type GradedItem, gradeItem } from './items.ts'

/** What is graded, by whom, and how often. */
interface Grading {
  settings: GradingSettings
  ports: CalibrationPorts
  items: readonly CalibrationItem[]
  secondGradingShare: number
}

/**
 * Grades all items, in their order.
 * @throws GateError when budget or a cancel ends it before the last
 */
export async function gradeAll(parts: Grading): Promise<{ items: GradedItem[]; requests: number }> {
  const { settings, ports, items, secondGradingShare } = parts
  const stop = new AbortController()
  const cancel = () => stop.abort()
  ports.cancelled.addEventListener('abort', cancel)
  if (ports.cancelled.aborted) cancel()
  // Every request under way and every pause before a retry listens to it.
  setMaxListeners(0, stop.signal)
  try {
    const clients = await connectGraders(settings)
    const instruments = createGradingInstruments({
      settings,
      clients,
      cancelled: stop.signal,
      secondGradingShare,
    })
    ports.log.info(
      quote({ settings, items, isTwice: instruments.graders.canAskAgain && secondGradingShare > 0 }),
    )
    const graded = await gradeInOrder({ ...parts, instruments, stop })
    requireWhole({ ...parts, graded, stopped: instruments.stopped() })
    return { items: graded, requests: instruments.spent().requests }
  } finally {
    ports.cancelled.removeEventListener('abort', cancel)
    stop.abort()
  }
}

async function gradeInOrder(
  parts: Grading & {
    instruments: Omit<Instruments, 'endpoints' | 'batches' | 'simulator' | 'mostUnits'>
    stop: AbortController
  },
): Promise<GradedItem[]> {
  const { settings, ports, items, instruments, stop } = parts
  const { policy } = settings.resolved
  const startMs = ports.clock.monotonicMs()
  const errors: unknown[] = []
  let uses: GraderUse[] = []
  let done = 0
  const graded = await Promise.all(
    items.map(async (item): Promise<GradedItem[]> => {
      try {
        const own = await gradeItem(item, { graders: instruments.graders, categories: policy.categories })
        uses = addUses([...uses, ...own.uses])
        done += 1
        if (stop.signal.aborted) return [own]
        ports.log.progress({
          done,
          planned: items.length,
          requests: instruments.spent().requests,
          failures: instruments.failures(),
          costUsd: priceUsage(uses, policy.prices),
          elapsedMs: ports.clock.monotonicMs() - startMs,
        })
        return [own]
      } catch (error) {
        errors.push(error)
        stop.abort()
        return []
      }
    }),
  )
  if (errors.length > 0) throw errors[0]
  return graded.flat()
}

/** What will be asked, said before anything is. */
function quote(parts: {
  settings: GradingSettings
  items: readonly CalibrationItem[]
  isTwice: boolean
}): string {
  const { settings, items, isTwice } = parts
  const { budget, categories } = settings.resolved.policy
  const limits = describeBudget(budget)
  const shown = limits.length === 0 ? 'no budget is set' : `the budget is ${limits.join(' and ')}`
  const calls = categories.length === 0 ? '' : describeCalls(categories)
  return `${items.length} labelled items, graded ${isTwice ? 'twice' : 'once'}: ${calls}, retries not counted; ${shown}.`
}

/** A part of a set is not the set: what was graded first is no random part of it. */
function requireWhole(
  parts: Pick<Grading, 'settings' | 'ports'> & {
    graded: readonly GradedItem[]
    stopped: ReturnType<Instruments['stopped']>
  },
): void {
  const { settings, ports, graded, stopped } = parts
  const whole = graded.filter(({ tried }) =>
    tried.every(({ outcome: { label, again } }) => label !== 'not-asked' && again !== 'not-asked'),
  ).length
  // A request that had failed once when the cancel came has failed for it.
  const isCancelled = ports.cancelled.aborted
  if (whole === graded.length && !isCancelled) return
  if (stopped === 'endpoint-down') {
    throw new GateError({
      code: 'endpoint',
      message: `an endpoint stopped answering after ${whole} of ${graded.length} items: nothing was written`,
      remedy: 'mend it, then run it again: what was graded is not kept',
    })
  }
  throw new GateError({
    code: 'calibration',
    message: `${isCancelled ? 'it was cancelled' : 'the budget ended it'} after ${whole} of ${graded.length} items: nothing was written`,
    where: isCancelled ? undefined : { file: settings.resolved.file, field: 'budget' },
    remedy: isCancelled
      ? 'run it again: what was graded is not kept'
      : 'raise the budget, or calibrate fewer categories (--category) or without a second grading (--once)',
  })
}
