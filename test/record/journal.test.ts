import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { GateError } from '../../src/errors.ts'
import type { Label } from '../../src/grade/label.ts'
import { digestParts } from '../../src/plan/parts.ts'
import { openJournal, writeJournal } from '../../src/record/journal.ts'
import { type JournalHeader, readMeasured } from '../../src/record/journal-lines.ts'
import type { BatchLine } from '../../src/replay/batch/batch-lines.ts'
import { createMemoryDirectory } from '../fakes/memory-directory.ts'
import { makeRecord } from '../report/fixture.ts'
import { makeRecordedUnit } from '../support/recorded-unit.ts'

const planDigest = 'a'.repeat(64)
const live = { kind: 'live' } as const
const { plan } = makeRecord({ turns: 1, categories: [] }).summary
const binding: JournalHeader = {
  planDigest,
  planParts: digestParts(plan),
  sources: { baseline: live, candidate: live, graders: {} },
  retainText: 'none',
}
const header = JSON.stringify({ version: 1, ...binding })
const line = (turn: string, labels?: Record<string, Label>) =>
  JSON.stringify(makeRecordedUnit({ turn, ...(labels === undefined ? {} : { labels }) }))

async function open(text: string | null, wanted: Partial<JournalHeader> = {}) {
  const directory = createMemoryDirectory(text === null ? [] : [['journal.jsonl', text]])
  const journal = await openJournal({ directory, header: { ...binding, ...wanted } })
  return { directory, journal, done: [...journal.done.keys()] }
}

async function refusal(text: string, wanted: Partial<JournalHeader> = {}): Promise<unknown> {
  return open(text, wanted).then(
    () => 'accepted',
    (error: unknown) => {
      if (error instanceof GateError) return error
      throw error
    },
  )
}

describe('openJournal', () => {
  it('begins a journal with the digest of its plan, and gives back what was appended', async () => {
    const { directory, journal, done } = await open(null)
    expect(done).toEqual([])
    const unit = makeRecordedUnit({ turn: 'a#1' })
    await journal.append(unit)
    await journal.append(makeRecordedUnit({ turn: 'a#1', arm: 'baseline' }))
    await journal.close()
    expect(directory.files.get('journal.jsonl')?.split('\n')[0]).toBe(header)
    const again = await openJournal({ directory, header: binding })
    expect([...again.done.keys()]).toEqual(['a#1|candidate', 'a#1|baseline'])
    expect(again.done.get('a#1|candidate')).toEqual(unit)
  })

  it('leaves nothing of turns that are no part of the sample any more, such as of people who were forgotten', async () => {
    const text = [header, line('a#1'), line('gone#1'), ''].join('\n')
    const directory = createMemoryDirectory([['journal.jsonl', text]])
    const journal = await openJournal({ directory, header: binding, turns: new Set(['a#1']) })
    expect([...journal.done.keys()]).toEqual(['a#1|candidate'])
    expect(directory.files.get('journal.jsonl')).not.toContain('gone')
  })

  it('gives back the batches that were submitted, with what the run had taken by then', async () => {
    const { directory, journal } = await open(null)
    expect(journal.batches).toEqual([])
    const at = '2026-11-02T08:00:00.000Z'
    const uploaded = (inputFile: string): BatchLine => ({
      ...{
        batch: 'uploaded',
        endpoint: 'candidate',
        origin: 'https://m.example',
        inputFile,
        model: 'ckpt-2',
      },
      ...{ ids: ['a', 'b'], sha256: 'ab', most: { promptTokens: 10, completionTokens: 20 }, at },
    })
    const spent = { requests: 2, elapsedMs: 5, promptTokens: 0, completionTokens: 0, usd: 0 }
    await journal.append(uploaded('f1'), spent)
    await journal.append({ batch: 'created', inputFile: 'f1', id: 'batch_1', at }, spent)
    await journal.append({ batch: 'charged', inputFile: 'f1', at }, { ...spent, promptTokens: 9 })
    await journal.append(uploaded('f2'), spent)
    await journal.append(uploaded('f3'), spent)
    await journal.append({ batch: 'dropped', inputFile: 'f2', at }, { ...spent, requests: 3 })
    await journal.close()
    const expected = [
      { id: 'batch_1', isCharged: true, line: uploaded('f1') },
      { id: null, isCharged: false, line: uploaded('f3') },
    ]
    const again = await openJournal({ directory, header: binding })
    expect(again.batches).toEqual(expected)
    expect(again.spent).toEqual({ ...spent, requests: 3 })
    const third = await openJournal({ directory, header: binding })
    expect(third.batches).toEqual(expected)
    const to = createMemoryDirectory()
    const lines = await readMeasured(directory, binding)
    if (lines === null) throw new Error('the journal is not adopted')
    await writeJournal({ from: [lines, lines], spent, to, header: binding })
    expect((await openJournal({ directory: to, header: binding })).batches).toEqual(expected)
  })

  it('gives back what the endpoints said that they serve, in order', async () => {
    const { directory, journal } = await open(null)
    expect(journal.probes).toEqual([])
    const probes = (['candidate', 'baseline', 'candidate'] as const).map((probe, index) => ({
      probe,
      result: index === 2 ? { kind: 'not-offered' as const } : { kind: 'unlisted' as const, models: index },
    }))
    await journal.append(probes[0] as (typeof probes)[number])
    await journal.append(makeRecordedUnit({ turn: 'a#1' }))
    for (const probe of probes.slice(1)) await journal.append(probe)
    await journal.close()
    const again = await openJournal({ directory, header: binding })
    expect(again.probes).toEqual(probes)
    expect((await openJournal({ directory, header: binding })).probes).toEqual(probes)
    expect([...again.done.keys()]).toEqual(['a#1|candidate'])
  })

  it('drops a last line that was torn at any place, and goes on behind the whole ones', async () => {
    const whole = `${header}\n${line('a#1')}\n`
    const last = line('b#1')
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: last.length - 1 }), async (length) => {
        const { directory, journal, done } = await open(whole + last.slice(0, length))
        expect(done).toEqual(['a#1|candidate'])
        await journal.append(makeRecordedUnit({ turn: 'c#1' }))
        expect(directory.files.get('journal.jsonl')).toBe(`${whole}${line('c#1')}\n`)
      }),
      { numRuns: 30 },
    )
  })

  it('begins anew where only the first line was begun', async () => {
    for (const text of ['', header.slice(0, 20)]) {
      const { directory, done } = await open(text)
      expect(done).toEqual([])
      expect(directory.files.get('journal.jsonl')).toBe(`${header}\n`)
    }
  })

  it.each([
    ['torn', '{"turn": "a#1", '],
    ['empty', ''],
    ['of another shape', '{"turn": "a#1"}'],
    ['with a key too many', line('a#1').replace('{', '{"note": 1, ')],
  ])('refuses a journal with a line %s in its middle, by number', async (_name, damaged) => {
    const error = await refusal([header, line('x#1'), damaged, line('b#1'), ''].join('\n'))
    expect(error).toMatchObject({
      code: 'run-directory',
      message: 'the journal is damaged',
      where: { file: 'run/journal.jsonl', line: 3 },
    })
  })

  it('refuses lines without a first one that says whose they are', async () => {
    expect(await refusal(`${line('a#1')}\n${line('b#1')}\n`)).toMatchObject({ where: { line: 1 } })
  })

  it('refuses the journal of another plan, names what differs, and leaves it as it is', async () => {
    const text = `${header}\n${line('a#1')}\n`
    const planParts = digestParts({ ...plan, baseline: 'ckpt-40', rubrics: { 'rude.md': 'weaker' } })
    expect(await refusal(text, { planDigest: 'b'.repeat(64), planParts })).toMatchObject({
      code: 'run-directory',
      message:
        'the directory holds a run of another plan (aaaaaaaaaaaa…, this is bbbbbbbbbbbb…): what differs is the baseline checkpoint and the rubric rude.md',
    })
    const directory = createMemoryDirectory([['journal.jsonl', text]])
    await expect(
      openJournal({ directory, header: { ...binding, planDigest: 'b'.repeat(64) } }),
    ).rejects.toThrow(GateError)
    expect(directory.files.get('journal.jsonl')).toBe(text)
  })

  it.each<[string, Partial<JournalHeader>]>([
    [
      'other recordings',
      { sources: { ...binding.sources, candidate: { kind: 'recorded', sha256: 'c'.repeat(64) } } },
    ],
    ['a run with `retain_text: none`, this has `artifact`', { retainText: 'artifact' }],
  ])('does not mix what it holds with %s', async (message, wanted) => {
    expect(await refusal(`${header}\n${line('a#1')}\n`, wanted)).toMatchObject({
      code: 'run-directory',
      message: expect.stringContaining(message),
    })
  })

  const missing = (cause: 'timeout', of: 'completion' | 'judge'): Label => ({
    kind: 'missing',
    class: 'transport',
    of,
    cause,
  })
  const said = (cause: 'cannot-tell' | 'bad-request' | 'unauthorized' | 'not-found'): Label => ({
    kind: 'missing',
    class: 'content',
    of: 'judge',
    cause,
  })
  it.each<[string, Label, 'again' | 'done']>([
    ['present', { kind: 'present' }, 'done'],
    ['absent', { kind: 'absent' }, 'done'],
    ['said to be undecidable', said('cannot-tell'), 'done'],
    ['refused by the endpoint', said('bad-request'), 'done'],
    ['lost on the way to the checkpoint', missing('timeout', 'completion'), 'again'],
    ['lost on the way to the judge', missing('timeout', 'judge'), 'again'],
    ['not asked', { kind: 'not-asked', reason: 'cancelled' }, 'again'],
    ['refused for its key', said('unauthorized'), 'again'],
    ['refused for its model', said('not-found'), 'again'],
  ])('asks for a turn that was %s as it should', async (_name, label, expected) => {
    const text = `${header}\n${line('a#1', { rude: { kind: 'absent' }, other: label })}\n`
    const { directory, done } = await open(text)
    expect(done).toEqual(expected === 'done' ? ['a#1|candidate'] : [])
    // What is asked again stays written until then: a run that ends before leaves it as it was.
    expect(directory.files.get('journal.jsonl')).toBe(text)
  })
})
