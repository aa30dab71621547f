import { describe, expect, it } from '@jest/globals'
import { parseAudit } from '../../src/record/audit.ts'
import type { AuditLine } from '../../src/record/schema.ts'
import { makeRecord, makeTurns } from '../estimate/records.ts'
import { takeRefusal } from '../support/refusal.ts'

const states = { id: 'rude', candidate: makeTurns([['event', 3]], 10), baseline: makeTurns([], 10) }
const record = makeRecord({ categories: [states] })

function line(turn: number, present: boolean, changes: object = {}): string {
  return JSON.stringify({ turn: `c${turn}#1`, arm: 'candidate', category: 'rude', present, ...changes })
}

function parse(lines: string[], audits: AuditLine[] = []) {
  return parseAudit({ record: { ...record, audits }, file: 'audit.jsonl', text: lines.join('\n') })
}

describe('an audit', () => {
  it('is a line for each flag that was read, in any order, empty lines aside', () => {
    const parsed = parse([line(2, false), '', line(0, true), ''])
    expect(parsed.map(({ turn, present }) => [turn, present])).toEqual([
      ['c0#1', true],
      ['c2#1', false],
    ])
  })

  it('adds to what was said before, and takes back what it says anew', () => {
    const before = parse([line(0, true), line(1, true)])
    expect(
      parse([line(1, false), line(2, true)], before).map(({ turn, present }) => [turn, present]),
    ).toEqual([
      ['c0#1', true],
      ['c1#1', false],
      ['c2#1', true],
    ])
  })

  it('may say what the others are that are to be read: those that the graders were not of one mind about', () => {
    const trail = { steps: [{ present: 1, absent: 1, missing: 0 }], secondOpinion: null, again: null }
    const outcomes = record.outcomes.map((outcome) =>
      outcome.turn === 'c7#1' ? { ...outcome, trail } : outcome,
    )
    const text = [line(7, true), line(7, false, { arm: 'baseline' })].join('\n')
    const parsed = parseAudit({ record: { ...record, outcomes }, file: 'audit.jsonl', text })
    expect(parsed.map(({ arm, present }) => [arm, present])).toEqual([
      ['baseline', false],
      ['candidate', true],
    ])
  })

  it.each([
    ['not JSON', ['present'], 'not JSON', 1, undefined],
    ['a key that is none', [line(0, true, { note: 'x' })], 'Unrecognized key', 1, 'note'],
    ['a key that is missing', [line(0, true), '{"turn":"c1#1"}'], 'it is missing', 2, 'arm'],
    [
      'a turn that was not flagged',
      [line(7, true)],
      'turn "c7#1" of the candidate is not labelled present',
      1,
      undefined,
    ],
    ['another arm', [line(0, true, { arm: 'baseline' })], 'of the baseline is not labelled', 1, undefined],
    [
      'another category',
      [line(0, true, { category: 'kind' })],
      'not labelled present in "kind"',
      1,
      undefined,
    ],
    [
      'a flag said twice',
      [line(0, true), line(1, true), line(0, true)],
      'on an earlier line too',
      3,
      undefined,
    ],
  ])('refuses %s, naming the line', async (_, lines, message, number, field) => {
    const refusal = await takeRefusal(() => parse(lines))
    expect(refusal.code).toBe('audit')
    expect(refusal.message).toContain(message)
    expect(refusal.where).toMatchObject({ file: 'audit.jsonl', line: number })
    expect(refusal.where?.field).toBe(field)
    expect(refusal.remedy).not.toBe('')
  })
})
