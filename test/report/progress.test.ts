import { describe, expect, it } from '@jest/globals'
import { formatProgress } from '../../src/report/progress.ts'

describe('progress', () => {
  const state = { done: 250, planned: 1000, requests: 760, failures: 4, costUsd: 1.2, elapsedMs: 50_000 }

  it('is one line with share, rate, time left, requests, failures and cost', () => {
    expect(formatProgress(state)).toBe(
      '25 % (250 of 1000 completions graded, 5.0/s, about 2 min 30 s left, 760 requests, 4 failed, $1.20)',
    )
  })

  it('says what batches say of their requests', () => {
    const batches = { total: 2000, completed: 1500, failed: 3 }
    expect(formatProgress({ ...state, batches })).toContain(
      '$1.20; in batches 2000 submitted, 1500 completed, 3 failed)',
    )
  })

  it('leaves out what there is not, and counts one request as one', () => {
    const first = { ...state, done: 0, requests: 1, failures: 0, costUsd: null, elapsedMs: 0 }
    expect(formatProgress(first)).toBe('0 % (0 of 1000 completions graded, 0.0/s, 1 request)')
  })
})
