import { exitCodes } from './conclusion.ts'
import type { RunForecast } from './forecast-run.ts'
import type { Unmeasured } from './gate.ts'
import { type Message, renderInvalid, renderRefused, renderUnchanged } from './report/reporters/message.ts'

/** What asked nothing: a run, or a plan of an unchanged checkpoint. */
export type AskedNothing = Unmeasured | Extract<RunForecast, { kind: 'unchanged' }>

/** What is told of a run that asked nothing. */
export function renderUnmeasured(result: AskedNothing, event: string): Message {
  switch (result.kind) {
    case 'unchanged':
      return renderUnchanged(result)
    case 'invalid':
      return renderInvalid({ ...result, event })
    case 'refused':
      return renderRefused(result)
  }
}

/** Its verdict, in one word: a FAIL of before stays one, also where its record can't be published again. */
export function nameUnmeasured(result: AskedNothing): 'unchanged' | 'invalid' | 'fail' {
  if (result.kind !== 'refused') return result.kind
  return result.refusal.reason === 'failed-before' ? 'fail' : 'invalid'
}

/** Its exit code. */
export function chooseUnmeasuredCode(result: AskedNothing): number {
  const codes = { unchanged: exitCodes.success, invalid: exitCodes.undecided, fail: exitCodes.fail }
  return codes[nameUnmeasured(result)]
}
