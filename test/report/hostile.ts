import fc from 'fast-check'
import type { PolicyChange } from '../../src/policy/change.ts'
import type { RecordHistory } from '../../src/record/history.ts'
import type { RecordSummary } from '../../src/record/schema.ts'
import type { Fixture } from './fixture.ts'
import { makeAttempt, makeHistory, unended } from './past.ts'

const fragments = [
  '@org/team',
  '@someone',
  '#1',
  'owner/repo#2',
  'GH-3',
  ':tada:',
  'www.example.com',
  'https://example.com/x.png',
  '![x](https://example.com/beacon.png)',
  '[x][y]\n\n[y]: https://example.com',
  '</code></pre><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<!-- checkpoint-gate -->',
  '-->',
  '`'.repeat(5000),
  '`',
  '``',
  '|',
  '\\|',
  '\\',
  '\r\n| a | b |\n|---|---|',
  '::error::x',
  '\n::set-output name=a::b',
  '##[error]x',
  '\u001b[31mred\u001b[0m',
  '\u202egnirts\u202c',
  '\u2066x\u2069',
  '\u200b',
  '\ud800',
  '\0',
  '=HYPERLINK("https://example.com")',
  '$x$',
  '**bold** _it_ ~~no~~',
  '- - -',
  "' onmouseover='x",
  '" onfocus="x',
  '&lt;script&gt;',
  '{{ x }}',
  ' ',
]

/** Text as an attacker, or an accident, would write it. */
export const hostileText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...fragments), fc.string({ unit: 'binary', maxLength: 12 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.join(''))

/** A run in which everything that somebody else can write is hostile. */
export const hostileRun: fc.Arbitrary<Fixture> = fc
  .record({
    texts: fc.array(hostileText, { minLength: 12, maxLength: 12 }),
    categories: fc.integer({ min: 1, max: 5 }),
    events: fc.integer({ min: 0, max: 12 }),
    missing: fc.integer({ min: 0, max: 4 }),
    limit: fc.constantFrom(undefined, 0, 300, 20_000, 90_000),
    past: fc.constantFrom<RecordHistory['kind']>('none', 'unknown', 'kept'),
    isAccepted: fc.boolean(),
  })
  .map(({ texts, categories, events, missing, limit, past, isAccepted }) => {
    const text = (index: number) => texts[index % texts.length] ?? ''
    return {
      turns: 20,
      categories: Array.from({ length: categories }, (_, index) => ({
        id: `${text(index)}${index}`,
        ...(limit === undefined ? {} : { limitPer100k: limit }),
        predicted: { rate: 100, interval: [50, 300] as [number, number] },
        baseline: { events: 1 },
        candidate: { events: Math.min(events, 20 - missing), content: missing },
      })),
      history: makeHostileHistory(past, text),
      ...(isAccepted
        ? { accepted: { by: text(1), file: text(2), cause: text(3), mitigation: text(4) } }
        : {}),
      slice: (index) => (index < 13 ? { [text(2)]: text(3) } : {}),
      change: (summary) => poison(summary, text),
    }
  })

function makeHostileHistory(kind: RecordHistory['kind'], text: (index: number) => string): RecordHistory {
  if (kind === 'none') return { kind }
  if (kind === 'unknown') return { kind, cause: text(3) }
  const run = (index: number) => ({ id: text(index), attempt: 2 })
  return makeHistory({
    number: 3,
    attempts: [
      makeAttempt({ run: run(5), startedAt: text(6), planDigest: text(7), doubts: [text(8), text(9)] }),
      makeAttempt({ run: run(10), changed: [text(0), `the rubric ${text(1)}`, text(2), text(3)] }),
      unended,
    ],
    registration: { kind: 'broken', since: text(4), cause: 'moved', why: text(5) },
    continued: run(6),
    republishedBy: { ...run(7), changed: [text(8), `the calibration of ${text(9)}`] },
  })
}

function poison(summary: RecordSummary, text: (index: number) => string): RecordSummary {
  const { plan, arms } = summary
  const poisonArm = (arm: typeof arms.candidate, first: number) => ({
    ...arm,
    models: { [text(first)]: 12, [text(first + 1)]: 8 },
    systemFingerprints: { [text(first + 2)]: 20 },
    identity: { unnamed: 0, digests: { [text(first + 3)]: 20 }, undigested: 0, probes: [] },
    signals: { ...arm.signals, finishReasons: { [text(first + 2)]: 20 } },
  })
  return {
    ...summary,
    plan: {
      ...plan,
      candidate: text(5),
      baseline: text(6),
      corpus: { ...plan.corpus, name: text(7) },
      digests: { baseline: text(0), candidate: text(1) },
      policy: {
        ...plan.policy,
        checkpoint: { ...plan.policy.checkpoint, file: text(2), servedDigest: { header: 'x-digest' } },
        sample: { ...plan.policy.sample, epoch: text(8) },
      },
      registration: {
        ...plan.registration,
        amendments: [{ number: 1, date: '2026-11-20', reason: text(9) }],
      },
    },
    gateVersion: text(10),
    commits: {
      ...summary.commits,
      policy: text(11),
      trustAnchor: 'none',
      policyChanges: makeHostileChanges(text(1), text(2)),
    },
    arms: {
      baseline: { ...poisonArm(arms.baseline, 1), reused: makeHostileReuse(text) },
      candidate: poisonArm(arms.candidate, 4),
    },
    sample: {
      ...summary.sample,
      strata: [
        { name: text(3), turnsEligible: 20, conversations: 20, drawn: 20, share: 0.9, weightShare: 1 },
      ],
      uncovered: [{ name: text(2), share: 0.1 }],
    },
    earlyStoppingOff: text(10),
    retainText: 'artifact',
    timing: { ...summary.timing, startedAt: text(4) },
  }
}

function makeHostileReuse(text: (index: number) => string): RecordSummary['arms']['baseline']['reused'] {
  return {
    ...{ days: 7, units: 12, oldest: text(2), newest: text(3) },
    runs: [
      { id: text(4), attempt: 1, units: 7 },
      { id: text(5), attempt: 2, units: 5 },
    ],
    check: { turns: 50, what: text(6), p: 0.4 },
    notes: [text(7), text(8)],
  }
}

/** Controls, line ends other than `\n`, direction and invisible characters, lone surrogates. */
export const unprintable = /[\p{Bidi_Control}\p{Cs}\u200b\ufeff]|(?!\n)\p{Cc}/u

/** A change of each kind whose names and values are not ours. */
export function makeHostileChanges(first: string, second: string): PolicyChange[] {
  const change = { effect: 'looser', applied: false } as const
  return [
    { ...change, kind: 'changed', what: 'limit', of: first, from: second, to: first },
    { ...change, kind: 'added', what: 'category', of: second, from: null, to: null },
    { ...change, kind: 'rewritten', what: 'rubric', of: first, from: null, to: null },
    { ...change, kind: 'unreadable', what: 'policy', of: second, from: null, to: first },
    { ...change, kind: 'changed', what: 'judge.model', of: null, from: null, to: second },
  ]
}
