import type { RecordSummary } from '../record/schema.ts'
import { formatCount } from './text.ts'

/** Why the run ended early, as the end of a sentence. */
export function explainStop({ stopped, cost }: RecordSummary): string {
  switch (stopped) {
    case 'max-requests':
      return `the budget of requests was spent after ${formatCount(cost.requests)}`
    case 'max-minutes':
      return 'the time of the budget ran out'
    case 'max-tokens':
      return 'the next request could have exceeded the budget of tokens'
    case 'max-usd':
      return 'the next request could have exceeded the budget of dollars'
    case 'job-limit':
      return 'the time of the job ran out'
    case 'batch-under-way':
      return 'the run ended while a batch was still under way'
    case 'batch-cancelled':
      return 'a batch was cancelled elsewhere'
    case 'endpoint-down':
      return 'an endpoint stopped answering'
    case 'cancelled':
      return 'the run was cancelled'
    case 'decided':
      return 'the run ended when its results decided'
    case null:
      return 'the run ended early'
  }
}
