import { GateError } from './errors.ts'

/** How much of a plan a run carries out. */
export type Tier = 'smoke' | 'release'

/** Parses a tier as it was given to the action or the command; empty is `release`. */
export function parseTier(text: string): Tier {
  if (text === 'smoke' || text === 'release') return text
  if (text === '') return 'release'
  throw new GateError({
    code: 'usage',
    message: `"${text}" is not a tier`,
    remedy: 'give release (the whole rule) or smoke (the first turns only)',
  })
}

/** What the action does. */
export type Mode = 'gate' | 'replay' | 'plan' | 'register'

/** Parses a mode as it was given to the action; empty is `gate`. */
export function parseMode(text: string): Mode {
  if (text === 'gate' || text === 'replay' || text === 'plan' || text === 'register') return text
  if (text === '') return 'gate'
  throw new GateError({
    code: 'usage',
    message: `"${text}" is not a mode`,
    remedy:
      'give gate (measure and decide), replay (measure a shard, and decide nothing), plan (say what a run would show and cost, and ask nobody) or register (check what a change registers, and say what it commits to)',
  })
}
