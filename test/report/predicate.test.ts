import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { z } from 'zod'
import { generateFiles } from '../../scripts/generate.ts'
import { decideRecord } from '../../src/decide-record.ts'
import { writeReports } from '../../src/publish.ts'
import type { RecordHistory } from '../../src/record/history.ts'
import { readRecord, writeRecord } from '../../src/record/store.ts'
import { buildPredicate, type Predicate, predicateSchema, predicateType } from '../../src/report/predicate.ts'
import { renderPredicate } from '../../src/report/reporters/predicate.ts'
import { createMemoryDirectory } from '../fakes/memory-directory.ts'
import { checkJson } from '../support/json-schema.ts'
import { type Fixture, makeReport, prices } from './fixture.ts'
import { hostileRun } from './hostile.ts'
import { accepted, makeAttempt, makeHistory, unended } from './past.ts'

/**
 * The predicate as https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md (v0.1) and
 * spec/v1/resource_descriptor.md there have it: which fields there are, which have to be there, and of what kind.
 */
const descriptor = z
  .strictObject({
    name: z.string().optional(),
    uri: z.string().optional(),
    digest: z.record(z.string(), z.string().regex(/^[0-9a-f]+$/)).optional(),
    content: z.string().optional(),
    downloadLocation: z.string().optional(),
    mediaType: z.string().optional(),
    annotations: z.record(z.string(), z.unknown()).optional(),
  })
  .refine(({ uri, digest, content }) => uri ?? digest ?? content)
const testResult = z.strictObject({
  result: z.enum(['PASSED', 'WARNED', 'FAILED']),
  configuration: z.array(descriptor),
  url: z.url().optional(),
  passedTests: z.array(z.string()).optional(),
  warnedTests: z.array(z.string()).optional(),
  failedTests: z.array(z.string()).optional(),
})

const fine = { id: 'fine', limitPer100k: 20_000, baseline: { events: 4 }, candidate: { events: 4 } }
const worse = { id: 'worse', baseline: {}, candidate: { events: 60 } }
const unclear = { id: 'unclear', limitPer100k: 1000, baseline: { events: 2 }, candidate: { events: 4 } }
const watched = { ...worse, id: 'watched', role: 'watch' as const }
const letThrough = { suspect: 'warn', underpowered: 'warn', measurement: 'warn', judge: 'warn' } as const

function predict(fixture: Partial<Fixture>): Predicate {
  return makeReport({ turns: 400, categories: [fine], ...fixture }).view.predicate
}

function listTests({ result, passedTests, warnedTests, failedTests }: Predicate) {
  return { result, passed: passedTests, warned: warnedTests, failed: failedTests }
}

describe('the predicate', () => {
  it('is a test result as in-toto has it, with one extension field', () => {
    expect(predicateType).toBe('https://in-toto.io/attestation/test-result/v0.1')
    const { checkpointGate, ...standard } = predict({ categories: [fine, worse, unclear, watched] })
    expect(testResult.parse(standard)).toEqual(standard)
    expect(checkpointGate.categories.map(({ id }) => id)).toEqual(['fine', 'worse', 'unclear', 'watched'])
  })

  it('fits its own schema and the published one', () => {
    const published = JSON.parse(generateFiles()['schema/predicate.schema.json'] ?? '')
    for (const categories of [[fine], [worse, unclear, watched]]) {
      const predicate = predict({ categories })
      expect(predicateSchema.parse(predicate)).toEqual(predicate)
      expect(checkJson(predicate, published)).toEqual([])
    }
    expect(checkJson({ ...predict({}), result: 'OK', turns: [] }, published)).toEqual([
      '$.result: not an option',
      '$.turns: unknown',
    ])
  })

  it('names the plan, each of its parts, and the commits, by their digests', () => {
    const { record, view } = makeReport({ turns: 400, categories: [fine] })
    const digests = new Map(view.predicate.configuration.map(({ name, digest }) => [name, digest]))
    expect(digests.size).toBe(view.predicate.configuration.length)
    expect(digests.get('plan')).toEqual({ sha256: record.summary.planDigest })
    expect(digests.get('plan/policy')).toEqual({ sha256: record.summary.planParts.policy })
    expect(digests.get('plan/manifest')).toEqual({ sha256: 'c0'.repeat(32) })
    expect(digests.get('commits/policy')).toEqual({ gitCommit: 'a'.repeat(40) })
    expect(digests.get('commits/candidate')).toEqual({ gitCommit: 'b'.repeat(40) })
  })

  it('says where answers came from that no endpoint gave', () => {
    const names = ({ configuration }: Predicate) => configuration.map(({ name }) => name)
    expect(names(predict({})).filter((name) => name.startsWith('recorded/'))).toEqual([])
    const recorded = predict({
      change: (summary) => ({
        ...summary,
        arms: {
          ...summary.arms,
          candidate: { ...summary.arms.candidate, source: { kind: 'recorded', sha256: 'd'.repeat(64) } },
        },
      }),
    })
    expect(recorded.configuration).toContainEqual({
      name: 'recorded/candidate',
      digest: { sha256: 'd'.repeat(64) },
    })
  })

  it('leaves out what is no commit, and says that there was no trust anchor', () => {
    const { configuration, checkpointGate } = predict({
      change: (summary) => ({
        ...summary,
        commits: { ...summary.commits, policy: 'work tree', candidate: 'named', trustAnchor: 'none' },
      }),
    })
    expect(configuration.map(({ name }) => name).filter((name) => name.startsWith('commits/'))).toEqual([
      'commits/baseline',
    ])
    expect(checkpointGate.trustAnchor).toBe('none')
  })
})

describe('the result', () => {
  it.each<[string, Partial<Fixture>, ReturnType<typeof listTests>]>([
    ['PASSED for a pass', {}, { result: 'PASSED', passed: ['fine'], warned: [], failed: [] }],
    [
      'PASSED where only what is watched is worse',
      { categories: [fine, watched] },
      { result: 'PASSED', passed: ['fine'], warned: ['watched'], failed: [] },
    ],
    [
      'FAILED for a fail, with what else was not shown to pass',
      { categories: [fine, worse, unclear, watched] },
      { result: 'FAILED', passed: ['fine'], warned: ['watched'], failed: ['worse', 'unclear'] },
    ],
    [
      'FAILED where nothing was decided and policy lets nothing through',
      { categories: [fine, unclear] },
      { result: 'FAILED', passed: ['fine'], warned: [], failed: ['unclear'] },
    ],
    [
      'WARNED where policy lets it through',
      { categories: [fine, unclear], gate: { onInconclusive: letThrough } },
      { result: 'WARNED', passed: ['fine'], warned: ['unclear'], failed: [] },
    ],
    [
      'WARNED for a smoke run that found nothing',
      { tier: 'smoke' },
      { result: 'WARNED', passed: [], warned: ['fine'], failed: [] },
    ],
    [
      'FAILED for a smoke run that found something',
      { tier: 'smoke', categories: [worse] },
      { result: 'FAILED', passed: [], warned: [], failed: ['worse'] },
    ],
  ])('is %s', (_, fixture, expected) => {
    expect(listTests(predict(fixture))).toEqual(expected)
  })

  it('lets nothing pass in a run whose answers are of more than one model', () => {
    const { record, verdict, view } = makeReport({
      turns: 400,
      categories: [fine, watched],
      change: (summary) => ({
        ...summary,
        arms: { ...summary.arms, candidate: { ...summary.arms.candidate, models: { a: 1, b: 399 } } },
      }),
    })
    expect(verdict.categories[0]?.verdict).toBe('pass')
    expect(listTests(view.predicate)).toEqual({
      result: 'FAILED',
      passed: [],
      warned: ['watched'],
      failed: ['fine'],
    })
    const invalid = buildPredicate(record.summary, { ...verdict, verdict: 'invalid', reasons: [] })
    expect(listTests(invalid)).toMatchObject({ result: 'FAILED', passed: [], failed: ['fine'] })
  })

  it('is FAILED for a failure that is accepted: its conclusion says that it may ship', () => {
    const { result, checkpointGate } = predict({ categories: [worse], accepted })
    expect(result).toBe('FAILED')
    expect(checkpointGate).toMatchObject({ verdict: 'fail', conclusion: 'success', accepted: true })
    expect(predict({ categories: [worse] }).checkpointGate.accepted).toBe(false)
  })

  it('holds of a failure that is accepted no word of who accepted it', () => {
    const text = JSON.stringify(predict({ categories: [worse], accepted }))
    expect(text).not.toContain(accepted.by)
    expect(text).not.toContain(accepted.cause)
  })

  it('says which attempt it is, where attempts are known', () => {
    const attemptOf = (history?: RecordHistory) =>
      predict(history === undefined ? {} : { history }).checkpointGate.attempt
    expect(attemptOf()).toBe(null)
    expect(attemptOf({ kind: 'unknown', cause: 'x' })).toBe(null)
    expect(attemptOf(makeHistory())).toBe(1)
    const attempts = [makeAttempt({ run: { id: '4711', attempt: 1 } }), unended]
    expect(attemptOf(makeHistory({ attempts }))).toBe(3)
    expect(JSON.stringify(predict({ history: makeHistory({ attempts }) }))).not.toContain('4711')
  })

  it('counts a category as failed that nobody estimated', () => {
    const { record, verdict } = makeReport({ turns: 400, categories: [fine, unclear] })
    const without = { ...verdict, categories: verdict.categories.slice(0, 1), reasons: ['unclear: lost'] }
    expect(listTests(buildPredicate(record.summary, without))).toMatchObject({
      result: 'FAILED',
      failed: ['fine', 'unclear'],
    })
  })

  it('agrees with itself whatever is counted', () => {
    const counts = fc.record({
      events: fc.integer({ min: 0, max: 40 }),
      content: fc.integer({ max: 9, min: 0 }),
    })
    const category = fc.record({
      baseline: counts,
      candidate: counts,
      role: fc.constantFrom('block', 'watch'),
    })
    const categories = fc.array(category, { minLength: 1, maxLength: 4 })
    const tiers = fc.constantFrom('smoke' as const, 'release' as const)
    const policies = fc.constantFrom({}, { onInconclusive: letThrough })
    fc.assert(
      fc.property(categories, tiers, policies, (drawn, tier, gate) => {
        const { verdict, view } = makeReport({
          turns: 60,
          tier,
          gate,
          categories: drawn.map((entry, index) => ({ id: `c${index}`, limitPer100k: 20_000, ...entry })),
        })
        const { result, passed, warned, failed } = listTests(view.predicate)
        expect(result === 'PASSED').toBe(verdict.verdict === 'pass')
        expect(result === 'FAILED').toBe(verdict.conclusion === 'failure')
        expect([...passed, ...warned, ...failed].toSorted()).toEqual(
          verdict.categories.map(({ id }) => id).toSorted(),
        )
        if (result !== 'FAILED') expect(failed).toEqual([])
        const blocking = verdict.categories.filter(({ role }) => role === 'block').map(({ id }) => id)
        if (result === 'PASSED') expect(passed).toEqual(expect.arrayContaining(blocking))
      }),
      { numRuns: 60 },
    )
  })
})

describe('what is signed', () => {
  it('is the same bytes from a run and from its record', async () => {
    const directory = createMemoryDirectory()
    const { record, estimates, verdict, view } = makeReport({
      turns: 40,
      categories: [fine, worse, unclear],
    })
    // As many lines as the record stands for.
    const completions = record.turns.flatMap(({ turn }) =>
      (['baseline', 'candidate'] as const).map((arm) => ({
        turn,
        arm,
        completion: { kind: 'failed' as const, cause: 'timeout' as const },
      })),
    )
    await writeRecord(directory, { ...record, completions })
    await writeReports(directory, { record, estimates, verdict, prices })
    expect(directory.files.get('predicate.json')).toBe(`${renderPredicate(view)}\n`)
    const again = await readRecord(directory)
    const predicate = buildPredicate(again.summary, decideRecord(again).verdict)
    expect(renderPredicate({ predicate })).toBe(renderPredicate(view))
  })

  it('holds no turn, no text and no name of anyone but checkpoints, categories and files', () => {
    fc.assert(
      fc.property(hostileRun, (run) => {
        const said = new Set<string>()
        const { record, view } = makeReport(run)
        collectStrings(view.predicate, said)
        const { plan } = record.summary
        const ids = plan.policy.categories.map(({ id }) => id)
        const allowed = new Set([...ids, plan.candidate, plan.baseline, record.summary.gateVersion])
        const others = [...said].filter((text) => !allowed.has(text))
        expect(others.filter((text) => !/^[\w./:-]+$/.test(text))).toEqual([])
        expect(others.filter((text) => text.includes('#') || text.startsWith('conversation-'))).toEqual([])
        expect(JSON.parse(renderPredicate(view))).toEqual(JSON.parse(JSON.stringify(view.predicate)))
      }),
      { numRuns: 40 },
    )
  })
})

function collectStrings(value: unknown, into: Set<string>): void {
  if (typeof value === 'string') into.add(value)
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) collectStrings(inner, into)
  }
}
