import { describe, expect, it } from '@jest/globals'
import type { Trail } from '../../src/grade/trail.ts'
import type { Votes } from '../../src/grade/votes.ts'
import type { Arm } from '../../src/ports.ts'
import { findReviewReasons, listReviewItems, nameItem } from '../../src/record/review.ts'
import { parseReviews } from '../../src/record/review-file.ts'
import type { AuditLine, CompletionLine, RunRecord } from '../../src/record/schema.ts'
import { makeRecord, makeTurns } from '../estimate/records.ts'
import { plannedJudgeGrader } from '../support/plans.ts'
import { takeRefusal } from '../support/refusal.ts'

const [present, absent] = [{ kind: 'present' }, { kind: 'absent' }] as const
const cannotTell = { kind: 'missing', class: 'content', of: 'judge', cause: 'cannot-tell' } as const
const lost = { kind: 'missing', class: 'transport', of: 'judge', cause: 'timeout' } as const
const empty = { kind: 'missing', class: 'content', of: 'completion', cause: 'empty-answer' } as const
const notAsked = { kind: 'not-asked', reason: 'max-requests' } as const
const judges = { graders: [plannedJudgeGrader, plannedJudgeGrader] }

function votes(yes: number, no: number, missing = 0): Votes {
  return { present: yes, absent: no, missing }
}

function trail(steps: Votes[], again: Trail['again'] = null): Trail {
  return { steps, secondOpinion: null, again }
}

describe('why a person should read an item', () => {
  const explain = (changes: Partial<Parameters<typeof findReviewReasons>[0]>) =>
    findReviewReasons({ category: judges, label: absent, trail: undefined, prescreens: [], ...changes })

  it('is that it is flagged', () => {
    expect(explain({ label: present })).toEqual(['flag'])
    expect(explain({})).toEqual([])
  })

  it('is that votes of one grader contradict each other, whatever came of them', () => {
    expect(explain({ trail: trail([votes(1, 2)]) })).toEqual(['split-votes'])
    expect(explain({ label: present, trail: trail([votes(2, 1)]) })).toEqual(['flag', 'split-votes'])
    expect(explain({ label: cannotTell, trail: trail([votes(1, 0, 1)]) })).toEqual(['split-votes'])
    expect(explain({ trail: trail([votes(0, 3)]) })).toEqual([])
  })

  it('is that a later grader took back what a model had flagged, not what a rule of code let through', () => {
    const taken = trail([votes(1, 0), votes(0, 1)])
    expect(explain({ trail: taken })).toEqual(['taken-back'])
    expect(explain({ label: present, trail: trail([votes(1, 0), votes(1, 0)]) })).toEqual(['flag'])
    const screened = { graders: [{ kind: 'pattern', any: ['x'] }, plannedJudgeGrader] }
    expect(explain({ category: screened, trail: taken })).toEqual([])
  })

  it('is that graded again it got the other label', () => {
    expect(explain({ trail: trail([votes(0, 1)], 'present') })).toEqual(['second-grading'])
    expect(explain({ label: present, trail: trail([votes(1, 0)], 'absent') })).toEqual([
      'flag',
      'second-grading',
    ])
    expect(explain({ trail: trail([votes(0, 1)], 'absent') })).toEqual([])
    expect(explain({ trail: trail([votes(0, 1)], 'missing') })).toEqual([])
  })

  it('is that the completion was pre-screened, where a judge labels it', () => {
    expect(explain({ prescreens: ['no-words'] })).toEqual(['pre-screened'])
    const pattern = { graders: [{ kind: 'pattern', any: ['x'] }] }
    expect(explain({ prescreens: ['no-words'], category: pattern })).toEqual([])
  })

  it.each([
    ['lost on the way', lost],
    ['without a completion', empty],
    ['not asked', notAsked],
  ])('is none for what was %s', (_, label) => {
    expect(explain({ label, prescreens: ['no-words'], trail: trail([votes(1, 1)], 'present') })).toEqual([])
  })
})

/** Flags of both arms at 3, 1 and 0 of the draw; the turns c5 and c2 split in the candidate, c4 in the baseline. */
function makeReviewed(audits: AuditLine[] = []): RunRecord {
  const flagged = makeTurns([], 8).map((state, turn) => ([0, 1, 3].includes(turn) ? 'event' : state))
  const states = (id: string) => ({ id, candidate: flagged, baseline: flagged })
  const made = makeRecord({ categories: [states('b-first'), states('a-second')], audits })
  const split = new Set(['candidate c5#1', 'candidate c2#1', 'baseline c4#1'])
  const outcomes = made.outcomes.map((outcome) =>
    split.has(`${outcome.arm} ${outcome.turn}`) ? { ...outcome, trail: trail([votes(1, 1)]) } : outcome,
  )
  return { ...made, outcomes }
}

function say(turn: number, human: boolean, changes: Partial<AuditLine> = {}): AuditLine {
  return { turn: `c${turn}#1`, arm: 'candidate', category: 'b-first', present: human, ...changes }
}

describe('the items to read', () => {
  const list = (record: RunRecord) =>
    listReviewItems(record).map(({ category, arm, turn }) => `${category} ${turn} ${arm}`)

  it('are flags first, category by category, both arms together in the order of the draw', () => {
    const flags = (category: string) =>
      ['c0#1', 'c1#1', 'c3#1'].flatMap((turn) => [
        `${category} ${turn} baseline`,
        `${category} ${turn} candidate`,
      ])
    const others = (category: string) =>
      ['c2#1 candidate', 'c4#1 baseline', 'c5#1 candidate'].map((item) => `${category} ${item}`)
    expect(list(makeReviewed())).toEqual([
      ...flags('b-first'),
      ...flags('a-second'),
      ...others('b-first'),
      ...others('a-second'),
    ])
  })

  it('come in that order whatever the order of the outcomes', () => {
    const record = makeReviewed()
    expect(list({ ...record, outcomes: [...record.outcomes].toReversed() })).toEqual(list(record))
  })

  it('carry the completion where it was kept, its pre-screens, and what was said of them', () => {
    const content = { text: 'hello', reasoning: null, refusal: null, toolCalls: [] }
    const complete = (turn: string, arm: Arm): CompletionLine => ({
      turn,
      arm,
      completion: {
        kind: 'completed',
        model: 'm',
        finishReason: 'stop',
        systemFingerprint: null,
        usage: null,
        characters: 5,
        refused: false,
        toolCalls: 0,
        content,
      },
      prescreens: ['opener-only'],
    })
    const record = { ...makeReviewed([say(0, false)]), completions: [complete('c0#1', 'candidate')] }
    const [first, second] = listReviewItems(record)
    expect(first).toMatchObject({ arm: 'baseline', content: null, prescreens: [], human: null })
    expect(second).toMatchObject({
      arm: 'candidate',
      content,
      prescreens: ['opener-only'],
      why: ['flag', 'pre-screened'],
      human: 'absent',
    })
  })
})

const header = 'category,arm,turn,why,label,votes,prescreens,human'

function row(turn: number, human: string, arm = 'candidate', category = 'b-first'): string {
  return `${category},${arm},c${turn}#1,flag,present,,,${human}`
}

function parse(text: string, audits: AuditLine[] = []): AuditLine[] {
  return parseReviews({ record: makeReviewed(audits), file: 'review.csv', text })
}

describe('a filled in review.csv', () => {
  const filled = [header, row(0, 'present'), row(1, ' Absent '), row(3, ''), row(2, 'PRESENT')]
  const said = [say(0, true), say(1, false), say(2, true)]

  it.each([
    ['as it was written', `${filled.join('\n')}\n`],
    ['with a byte order mark and the line ends of Windows', `\uFEFF${filled.join('\r\n')}\r\n`],
    ['with semicolons', filled.join('\n').replaceAll(',', ';')],
    ['with tabs', filled.join('\n').replaceAll(',', '\t')],
    ['with quotes around every cell', filled.join('\n').replaceAll(/[^,\n]+|(?<=,)(?=,|\n|$)/g, '"$&"')],
    [
      'without the separators of blank cells at the end, and with blank rows',
      filled.join('\n').replace(',\n', '\n\n,,,,,,,\n'),
    ],
    [
      'with columns in another order, and one more',
      [
        'human,note,turn,arm,category',
        'present,x,c0#1,candidate,b-first',
        'absent,,c1#1,candidate,b-first',
        ',later,c3#1,candidate,b-first',
        'present,,c2#1,candidate,b-first',
      ].join('\n'),
    ],
    ['with names of columns in capitals', [header.toUpperCase(), ...filled.slice(1)].join('\n')],
  ])('is read %s', (_, text) => {
    expect(parse(text)).toEqual(said)
  })

  it('may hold completions of several lines, with separators and quotes in them', () => {
    const text = `category,arm,turn,completion,human\nb-first,candidate,c0#1,"one\n\n""two"";\r\nthree,",present\nb-first,candidate,c1#1,"=x",absent\n`
    expect(parse(text)).toEqual([say(0, true), say(1, false)])
  })

  it('adds to what was said before, leaves what it is silent of, and takes back what it says anew', () => {
    const before = [say(0, true), say(3, true), say(1, true, { category: 'a-second' })]
    expect(parse(`${header}\n${row(0, 'absent')}\n${row(3, '')}\n`, before)).toEqual([
      say(1, true, { category: 'a-second' }),
      say(0, false),
      say(3, true),
    ])
  })

  it('says nothing while nothing is filled in', () => {
    expect(parse(`${header}\n${row(0, '')}\n`)).toEqual([])
    expect(parse(header)).toEqual([])
  })

  it.each<[string, string[], string, number, string | undefined]>([
    ['a label that is none', [row(0, 'yes')], '"yes" is no label', 2, 'human'],
    [
      'an altered id',
      [row(0, 'present'), row(9, 'absent')],
      'turn "c9#1" of the candidate in "b-first" is not among',
      3,
      'turn',
    ],
    [
      'an altered arm',
      [row(0, 'present', 'Candidate')],
      'of the Candidate in "b-first" is not among',
      2,
      'turn',
    ],
    ['a category of another run', [row(0, 'present', 'candidate', 'c')], 'in "c" is not among', 2, 'turn'],
    [
      'a turn that is not to be read',
      [row(7, 'absent')],
      'turn "c7#1" of the candidate in "b-first" is not among',
      2,
      'turn',
    ],
    [
      'a row that was torn apart, whose label is in another cell',
      ['b-first,candidate,c0#1,flag,present', 'and more,absent'],
      'turn "" of the absent in "and more" is not among',
      3,
      'turn',
    ],
    [
      'an item said twice',
      [row(0, 'present'), row(1, ''), row(0, 'present')],
      'on an earlier line too',
      4,
      undefined,
    ],
    [
      'a row with more cells than the header',
      [`${row(0, 'present')},more`],
      'the row has 9 cells, and the header 8',
      2,
      undefined,
    ],
    [
      'a quote that is not closed',
      [row(0, 'present'), `"${row(1, '')}`],
      'a quotation mark is not closed',
      3,
      undefined,
    ],
  ])('is refused with %s, naming the line', async (_, rows, message, line, field) => {
    const refusal = await takeRefusal(() => parse([header, ...rows].join('\n')))
    expect(refusal.code).toBe('audit')
    expect(refusal.message).toContain(message)
    expect(refusal.where).toMatchObject({ file: 'review.csv', line })
    expect(refusal.where?.field).toBe(field)
    expect(refusal.remedy).not.toBe('')
  })

  it('counts lines as an editor does, also in completions of several', async () => {
    const text =
      'category,arm,turn,completion,human\r\nb-first,candidate,c0#1,"a\r\nb\r\n\r\nc",present\r\n\r\nb-first,candidate,c1#1,x,maybe\r\n'
    expect((await takeRefusal(() => parse(text))).where?.line).toBe(7)
  })

  it.each([
    ['there is no column `human`', 'category,arm,turn,why'],
    ['there is no column `turn`', 'category;arm;id;human'],
    ['there are two columns `human`', `${header},Human`],
    ['there is no column `category`', ''],
    ['there is no column `category`', '\u0000c\u0000a\u0000t'],
  ])('is refused where %s', async (message, text) => {
    const refusal = await takeRefusal(() => parse(text))
    expect(refusal.message).toBe(message)
    expect(refusal.where).toMatchObject({ file: 'review.csv', line: 1 })
  })

  it('is read back where ids are what no spreadsheet may take for a formula, and refused where two are written alike', async () => {
    const rename = (record: RunRecord, names: Record<string, string>): RunRecord => {
      const change = <Line extends { turn: string }>(line: Line): Line => ({
        ...line,
        turn: names[line.turn] ?? line.turn,
      })
      return { ...record, turns: record.turns.map(change), outcomes: record.outcomes.map(change) }
    }
    const hostile = rename(makeReviewed(), { 'c0#1': '=1+1#1', 'c1#1': 'a::b#1' })
    const read = (record: RunRecord, turn: string) =>
      parseReviews({
        record,
        file: 'review.csv',
        text: `turn,arm,category,human\n${turn},candidate,b-first,present`,
      })
    for (const written of ["'=1+1#1", '=1+1#1'])
      expect(read(hostile, written)).toMatchObject([{ turn: '=1+1#1' }])
    for (const written of ['a:\u200a:b#1', 'a::b#1'])
      expect(read(hostile, written)).toMatchObject([{ turn: 'a::b#1' }])
    const alike = rename(makeReviewed(), { 'c0#1': '=1#1', 'c1#1': "'=1#1" })
    expect((await takeRefusal(() => read(alike, "'=1#1"))).message).toContain(
      'several items of this run are written as',
    )
  })
})

it('names an item by category, arm and turn', () => {
  expect(nameItem(say(0, true))).toBe('["b-first","candidate","c0#1"]')
})
