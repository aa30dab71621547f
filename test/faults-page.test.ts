import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { failureCauseSchema, stopReasonSchema } from '../src/replay/completion.ts'
import { root } from './support/shared.ts'

const page = readFileSync(resolve(root, 'docs/faults.md'), 'utf8')

describe('the page on what goes wrong', () => {
  it('names causes and reasons by the words that records have', () => {
    const known = new Set<string>([...failureCauseSchema.options, ...stopReasonSchema.options])
    const named = [...page.matchAll(/`((?:[a-z]+-)+[a-z]+)`/g)].map((match) => match[1] ?? '')
    expect(named.length).toBeGreaterThanOrEqual(7)
    expect(named.filter((word) => !known.has(word))).toEqual([])
  })

  it('says of every limit of a budget how a run ends', () => {
    for (const reason of ['max-requests', 'max-tokens', 'max-usd', 'max-minutes', 'batch-under-way']) {
      expect(page).toContain(`\`${reason}\``)
    }
  })
})
